import type { Alert } from '@tarsier/protocol';
import type { HostSummary } from '@tarsier/protocol/api';
import type { AppWords } from '../../app/words/en.ts';
import type { Loadable } from '../../data/source.ts';

/** The fleet in a sentence: how many hosts, and what is wrong. */
export function headline(
  hosts: Loadable<readonly HostSummary[]>,
  alerts: Loadable<readonly Alert[]>,
  words: AppWords['fleet'],
): string {
  if (hosts.kind !== 'ready') return words.title;
  const { length } = hosts.value;
  if (length === 0) return words.noHost;
  const stale = hosts.value.filter(({ state }) => state === 'stale').length;
  const firing = alerts.kind === 'ready' ? alerts.value.filter(({ state }) => state.kind === 'firing').length : 0;
  const trouble = [...(firing === 0 ? [] : [words.firing(firing)]), ...(stale === 0 ? [] : [words.silent(stale)])];
  const count = words.hosts(length);
  return trouble.length === 0 ? words.quiet(count) : words.trouble(count, trouble);
}
