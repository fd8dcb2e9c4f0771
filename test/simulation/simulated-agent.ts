/** An agent but for its plugins and its disk: made-up samples, and the real shipper and failover in front of the network. */
import { encodeEnvelope, encodePayload, encodeSchema } from '@tarsier/protocol';
import { schemaHash, zstdCompress } from '@tarsier/protocol/zstd';
import { createCollectorList } from '../../packages/agent/src/shipping/collector-list.ts';
import { createFailoverPoster } from '../../packages/agent/src/shipping/failover.ts';
import type { Poster } from '../../packages/agent/src/shipping/post.ts';
import { createShipper } from '../../packages/agent/src/shipping/shipper.ts';
import { silentLog } from '../../packages/collector/src/log.ts';
import type { TenantScope } from '../../packages/collector/src/tenant.ts';
import { createMemorySpool } from '../fleet/memory-spool.ts';
import type { Chance } from './chance.ts';
import { beginLife, type Life } from './life.ts';
import type { VirtualTime } from './virtual-time.ts';

const tickMs = 1_000;
const rowsPerBatch = 10;
/** In the order of a batch's columns. */
export const metrics = ['busy', 'sent_total'] as const;

const schema = encodeSchema({
  metrics: [
    { name: metrics[0], kind: 'gauge', unit: 'ratio', help: '' },
    { name: metrics[1], kind: 'counter', unit: '', help: '' },
  ],
  series: [
    { metric: 0, labels: {} },
    { metric: 1, labels: {} },
  ],
});
const hash = schemaHash(schema);

export interface SimulatedAgent {
  readonly scope: TenantScope;
  readonly host: string;
  /** Samples that were taken, and those of them that collectors said to have. */
  readonly counts: { taken: number; sent: number; readonly dropped: Record<string, number> };
  readonly waiting: () => number;
  /** Until then what is written to its disk takes so long. */
  slowDisk(untilMs: number, byMs: number): void;
  /** It is gone for so long; what is on its disk stays. */
  kill(awayMs: number): void;
  /** Measures nothing more. */
  finish(): void;
}

const nobody = (): Promise<never> => Promise.reject(new Error('nobody is there'));

/** Well, or not, for a while: what the rules are about. */
function createBehaviour(chance: Chance, calm: () => number, wild: () => number): () => number {
  let [isWild, left] = [false, 0];
  return () => {
    if (left-- <= 0)
      [isWild, left] = [!isWild, Math.round(chance.pick([chance.between(1, 12), chance.between(15, 70)]))];
    return isWild ? wild() : calm();
  };
}

/** @param posters  to each of the collectors, by its address, the first to be preferred first */
export function startSimulatedAgent({
  scope,
  host,
  posters,
  time,
  chance,
}: {
  readonly scope: TenantScope;
  readonly host: string;
  readonly posters: ReadonlyMap<string, Poster>;
  readonly time: VirtualTime;
  readonly chance: Chance;
}): SimulatedAgent {
  const counts = { taken: 0, sent: 0, dropped: {} as Record<string, number> };
  const spool = createMemorySpool(schema, 4 * 2 ** 20, {
    sent: (samples) => (counts.sent += samples),
    dropped(samples, reason) {
      counts.dropped[reason] = (counts.dropped[reason] ?? 0) + samples;
    },
  });
  /** Its clock is wrong, and goes on being so. */
  const skewMs = Math.round(chance.between(-40, 40)) * 1_000;
  const now = (): number => time.now() + skewMs;
  const busy = createBehaviour(
    chance,
    () => chance.between(0, 0.6),
    () => chance.between(0.72, 1),
  );
  const rate = createBehaviour(
    chance,
    () => chance.between(0, 50),
    () => chance.between(90, 400),
  );
  let [slowUntil, slowBy, awayUntil, measuring] = [0, 0, 0, true];
  let comesBack = (): void => {};
  let life: Life;

  function begin(): void {
    const own = beginLife(`${scope.tenant}/${host}`, time);
    life = own;
    const epoch = now();
    let [seq, counter] = [0, 0];
    let rows: [number, number][] = [];
    let t0 = 0;
    const shipper = createShipper({
      spool: {
        ...spool.of,
        async acknowledge(...what) {
          await own.pass(0);
          await spool.of.acknowledge(...what);
        },
      },
      poster: createFailoverPoster(
        createCollectorList({ urls: [...posters.keys()], discover: false, monotonic: time.now }),
        (url) => ({
          post: (...what) =>
            own.isOver() ? new Promise(() => {}) : (posters.get(new URL(url).origin)?.post(...what) ?? nobody()),
          close() {},
        }),
        { discovers: false },
      ),
      key: scope.tenant,
      onFlushInterval() {},
      clock: { now, monotonic: time.now, sinceBoot: time.now, after: time.after },
      log: silentLog,
      random: chance.number,
    });

    /** One after the other. */
    let written: Promise<void> = Promise.resolve();

    async function store(bytes: Uint8Array, last: number): Promise<void> {
      await own.pass(time.now() < slowUntil ? chance.number() * slowBy : 0);
      spool.append(bytes, last, rowsPerBatch * metrics.length);
      counts.taken += rowsPerBatch * metrics.length;
      shipper.wake();
    }

    function measure(): void {
      if (own.isOver() || !measuring) return;
      time.after(tickMs, measure);
      if (rows.length === 0) t0 = Math.ceil(now() / tickMs) * tickMs;
      rows.push([busy(), (counter += rate())]);
      if (rows.length < rowsPerBatch) return;
      const last = t0 + (rowsPerBatch - 1) * tickMs;
      const values = Float64Array.from(metrics.flatMap((_, column) => rows.map((row) => row[column] ?? 0)));
      const times = Float64Array.from(rows, (_, row) => t0 + row * tickMs);
      const payload = encodePayload({ times, width: metrics.length, values }, zstdCompress);
      rows = [];
      const envelope = { host, epoch, seq: seq++, schemaHash: hash, t0, t1: last, rows: rowsPerBatch, payload };
      written = written.then(() => store(encodeEnvelope(envelope), last));
    }

    shipper.start();
    measure();
  }
  begin();

  return {
    scope,
    host,
    counts,
    waiting: () => spool.waiting,
    slowDisk(untilMs, byMs) {
      [slowUntil, slowBy] = [untilMs, byMs];
    },
    kill(awayMs) {
      life.kill();
      // One that is gone already is gone for the longer of the two: there is one of it.
      awayUntil = Math.max(awayUntil, time.now() + awayMs);
      comesBack();
      comesBack = time.after(awayUntil - time.now(), begin);
    },
    finish() {
      measuring = false;
    },
  };
}
