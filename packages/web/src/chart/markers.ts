import type { Alert, AnomalyEvent } from '@tarsier/protocol';
import { seriesSignature } from '@tarsier/protocol/labels';
import type { HeldSeries } from '../data/source.ts';

/** Something that began at a moment, marked above the plot. */
export interface Marker {
  readonly kind: 'alert' | 'event';
  readonly time: number;
  readonly text: string;
}

/** Alerts on the shown series, and anomaly events of their hosts. */
export function markersOf(
  { alerts, events }: { readonly alerts: readonly Alert[]; readonly events: readonly AnomalyEvent[] },
  series: readonly HeldSeries[],
  from: number,
  to: number,
  kinds: readonly Marker['kind'][],
): readonly Marker[] {
  if (kinds.length === 0 || series.length === 0 || (alerts.length === 0 && events.length === 0)) return [];
  const hosts = new Set(series.map(({ labels }) => labels['host']));
  const shown = new Set(series.map(seriesSignature));
  const inView = ({ time }: Marker): boolean => time >= from && time <= to;
  const ofAlerts = alerts
    .filter(({ metric, labels, host }) => shown.has(seriesSignature({ name: metric, labels: { ...labels, host } })))
    .filter(({ state }) => state.kind !== 'pending')
    .map(({ name, reason, state }): Marker => ({ kind: 'alert', time: state.since, text: `${name}: ${reason}` }));
  const ofEvents = events
    .filter(({ host }) => hosts.has(host))
    .map(({ host, start, reason }): Marker => ({ kind: 'event', time: start, text: `${host}: ${reason}` }));
  return [...(kinds.includes('alert') ? ofAlerts : []), ...(kinds.includes('event') ? ofEvents : [])]
    .filter(inView)
    .toSorted((a, b) => a.time - b.time);
}
