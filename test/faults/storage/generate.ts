import type { PlainBatch } from '../../../packages/collector/src/storage/compaction/testing.ts';

const hostNames = ['a', 'b', 'c'] as const;
const schemas = [
  ['0', '1'],
  ['1', '2', '3'],
  ['3', '0'],
] as const;
const hourMs = 3_600_000;
/** Samples may be this late: less than what retention keeps. */
const latestMs = 20 * hourMs;

export interface Generator {
  /** In 0..1, from the seed (Marsaglia's xorshift32, 2003). */
  random(): number;
  below(count: number): number;
  hostName(): string;
  /** Mostly of the last hour and a half, some late; ticks may be those of a former batch. */
  batch(host: string, now: number): PlainBatch;
}

export function createGenerator(seed: number): Generator {
  let state = seed * 2_654_435_761 || 1;
  const random = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  const below = (count: number): number => Math.floor(random() * count);
  /** An agent's run is known by when it began; two of them may report the same ticks. */
  const epochs = [seed, seed + 1] as const;
  let seq = 0;
  return {
    random,
    below,
    hostName: () => hostNames[below(hostNames.length)] ?? 'a',
    batch(host, now) {
      const stepMs = [1000, 7000, 60_000][below(3)] ?? 1000;
      const rows = 1 + below(40);
      const back = random() < 0.8 ? random() * 1.5 * hourMs : random() * latestMs;
      // On whole tens of seconds, so that ticks meet.
      const from = Math.floor((now - back - rows * stepMs) / 10_000) * 10_000;
      const series = schemas[below(schemas.length)] ?? schemas[0];
      return {
        host,
        epoch: epochs[below(2)] ?? seed,
        seq: seq++,
        series,
        ticks: Array.from({ length: rows }, (_, row) => ({
          at: from + row * stepMs,
          // Quarters: their sums are exact, in whatever order they are added.
          values: series.map(() => (random() < 0.1 ? undefined : below(4000) / 4)),
        })),
      };
    },
  };
}
