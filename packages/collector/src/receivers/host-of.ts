import { maxHostLength, type Labels } from '@tarsier/protocol';

/** How the samples of a request are given to hosts. */
export interface HostMapping {
  /** Labels that may name the host, best first. */
  readonly labels: readonly string[];
  /** The host of samples that have none of these. */
  readonly otherwise: string;
  /** The only host that the sender may send for; any unless given. */
  readonly only?: string | undefined;
}

/**
 * The host of a series. `instance`, as Prometheus has it, is an address: its port does not count.
 *
 * @returns undefined when the sender may not send for it, or it is no name of a host
 */
export function hostOf(labels: Labels, { labels: candidates, otherwise, only }: HostMapping): string | undefined {
  const label = candidates.find((name) => (labels[name] ?? '') !== '');
  const named = label === undefined ? (only ?? otherwise) : (labels[label] ?? '');
  const host = label === 'instance' ? named.replace(/^\[?(.+?)\]?:\d{1,5}$/u, '$1') : named;
  // A derived name is a guess; a label that says `host` is meant.
  if (only !== undefined && host !== only) return label === 'host' ? undefined : only;
  return isHost(host) ? host : undefined;
}

/** As every batch has to say it. */
export function isHost(host: string): boolean {
  return host.length >= 1 && host.length <= maxHostLength && host.isWellFormed() && !/\p{Cc}/u.test(host);
}
