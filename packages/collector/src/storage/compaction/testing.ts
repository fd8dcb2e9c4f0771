import { encodePayload, encodeSchema, type SeriesSchema, type UnixMs } from '@tarsier/protocol';
import { schemaHash, zstdCompress } from '@tarsier/protocol/zstd';
import type { NewBatch } from '../batches.ts';
import type { SeriesRow } from '../series-catalog.ts';
import type { Storage } from '../storage.ts';
import type { TenantScope } from '../../tenant.ts';

/** A batch in plain numbers. */
export interface PlainBatch {
  readonly host: string;
  readonly epoch: UnixMs;
  readonly seq: number;
  /** Label values of the series of its schema. */
  readonly series: readonly string[];
  readonly ticks: readonly { readonly at: UnixMs; readonly values: readonly (number | undefined)[] }[];
}

/** `used` is a gauge, `served_total` a counter: the label `n` tells which by being odd. */
export function plainSchema(series: readonly string[]): SeriesSchema {
  return {
    metrics: [
      { name: 'used', kind: 'gauge', unit: '', help: '' },
      { name: 'served_total', kind: 'counter', unit: '', help: '' },
    ],
    series: series.map((n) => ({ metric: Number(n) % 2, labels: { n } })),
  };
}

export async function toNewBatch(
  storage: Pick<Storage, 'series'>,
  scope: TenantScope,
  { host, epoch, seq, series, ticks }: PlainBatch,
): Promise<NewBatch> {
  const bytes = encodeSchema(plainSchema(series));
  const { hostId, hash } = await storage.series.register(scope, host, schemaHash(bytes), bytes);
  const cells = series.flatMap((_, column) => ticks.map(({ values }) => values[column]));
  const payload = encodePayload(
    {
      times: Float64Array.from(ticks, ({ at }) => at),
      width: series.length,
      values: Float64Array.from(cells, (value) => value ?? Number.NaN),
      present: Uint8Array.from(cells, (value) => (value === undefined ? 0 : 1)),
    },
    zstdCompress,
  );
  return {
    scope,
    hostId,
    epoch,
    seq,
    t0: ticks[0]?.at ?? 0,
    t1: ticks.at(-1)?.at ?? 0,
    rows: ticks.length,
    schemaHash: hash,
    payload,
  };
}

/** What should be stored, worked out the plain way: of two samples at one time that of the later run, then batch. */
export class SampleModel {
  readonly #cells = new Map<
    string,
    Map<UnixMs, { readonly epoch: UnixMs; readonly seq: number; readonly value: number }>
  >();

  add({ host, epoch, seq, series, ticks }: PlainBatch): void {
    for (const [column, n] of series.entries()) {
      const key = `${host}/${n}`;
      let cells = this.#cells.get(key);
      if (cells === undefined) this.#cells.set(key, (cells = new Map()));
      for (const { at, values } of ticks) {
        const value = values[column];
        if (value === undefined) continue;
        const known = cells.get(at);
        if (known !== undefined && (known.epoch > epoch || (known.epoch === epoch && known.seq > seq))) continue;
        cells.set(at, { epoch, seq, value });
      }
    }
  }

  /** A host was deleted. */
  forget(host: string): void {
    for (const key of this.#cells.keys()) if (key.startsWith(`${host}/`)) this.#cells.delete(key);
  }

  /** By series, as `host/n`; each in order of time. */
  samples(from: UnixMs, to: UnixMs): ReadonlyMap<string, readonly (readonly [at: UnixMs, value: number])[]> {
    const found = new Map<string, (readonly [UnixMs, number])[]>();
    for (const [key, cells] of this.#cells) {
      const inRange = [...cells]
        .filter(([at]) => at >= from && at <= to)
        .map(([at, { value }]) => [at, value] as const)
        .toSorted(([a], [b]) => a - b);
      if (inRange.length > 0) found.set(key, inRange);
    }
    return found;
  }
}

export function seriesKey({ host, labels }: SeriesRow): string {
  return `${host}/${labels['n']}`;
}
