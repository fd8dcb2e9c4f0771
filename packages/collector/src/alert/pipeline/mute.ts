import type { Alert, Labels, UnixMs } from '@tarsier/protocol';
import type { ActiveSilence, CompiledInhibition } from './policies.ts';

/** Why nobody is told of an alert that fires. */
export interface Mute {
  readonly kind: 'silenced' | 'maintenance' | 'inhibited' | 'shadow';
  readonly detail: string;
  /** The alert or the silence that mutes it; absent when that is its rule. */
  readonly by?: string;
}

export function isMute(reason: string | undefined): reason is Mute['kind'] {
  return reason === 'silenced' || reason === 'maintenance' || reason === 'inhibited' || reason === 'shadow';
}

/** An alert that fires, with its labels as policies see them. */
export interface Firing {
  readonly alert: Alert;
  readonly labels: Labels;
}

/**
 * Which of the alerts that fire are muted, and why: a silence before an inhibition, because a person made it. One on
 * trial inhibits nothing. An alert never inhibits itself; one that is muted itself still inhibits, as in Alertmanager.
 */
export function mutesOf(
  firing: readonly Firing[],
  silences: readonly ActiveSilence[],
  inhibitions: readonly CompiledInhibition[],
  now: UnixMs,
): ReadonlyMap<string, Mute> {
  const mutes = new Map<string, Mute>();
  for (const { name, isSource, isTarget, common } of inhibitions) {
    const sources = new Map<string, Alert[]>();
    for (const { alert, labels } of firing) {
      const key = isSource(labels) && !isShadow(alert, now) ? common(alert, labels) : undefined;
      if (key !== undefined) sources.set(key, [...(sources.get(key) ?? []).slice(-1), alert]);
    }
    if (sources.size === 0) continue;
    for (const { alert, labels } of firing) {
      if (mutes.has(alert.id) || !isTarget(labels)) continue;
      const source = sources.get(common(alert, labels) ?? '')?.find(({ id }) => id !== alert.id);
      if (source !== undefined) {
        mutes.set(alert.id, {
          kind: 'inhibited',
          detail: `${name}: ${source.name} fires (${source.id})`,
          by: source.id,
        });
      }
    }
  }
  for (const { alert, labels } of firing) {
    const silence = silences.find(({ matches }) => matches(labels));
    if (silence !== undefined) mutes.set(alert.id, { kind: silence.kind, detail: silence.detail, by: silence.id });
    if (isShadow(alert, now)) mutes.set(alert.id, { kind: 'shadow', detail: 'its rule is on trial' });
  }
  return mutes;
}

function isShadow({ shadowUntil }: Alert, now: UnixMs): boolean {
  return shadowUntil !== undefined && now < shadowUntil;
}
