/** What a ping program says at its end; pure. */
export interface PingSummary {
  readonly sent: number;
  readonly received: number;
  /** Seconds; absent when nothing came back. */
  readonly roundTrip?: { readonly min: number; readonly avg: number; readonly max: number };
}

/**
 * Understands the last lines of iputils, busybox, and those of BSD and macOS.
 *
 * @returns undefined when there is no summary, as when the host's name is not known
 */
export function parsePing(output: string): PingSummary | undefined {
  const counts = /^(?<sent>\d+) packets transmitted, (?<received>\d+) (?:packets )?received/mu.exec(output)?.groups;
  if (counts === undefined) return undefined;
  const times = /^(?:rtt|round-trip) min\/avg\/max\S* = (?<min>[\d.]+)\/(?<avg>[\d.]+)\/(?<max>[\d.]+)/mu.exec(
    output,
  )?.groups;
  const seconds = (ms: string | undefined): number => Math.round(Number(ms) * 1000) / 1e6;
  return {
    sent: Number(counts['sent']),
    received: Number(counts['received']),
    ...(times === undefined
      ? {}
      : { roundTrip: { min: seconds(times['min']), avg: seconds(times['avg']), max: seconds(times['max']) } }),
  };
}
