/** What a simulated agent holds in place of a spool on disk: ten thousand of those would measure this machine's disk. */
import type { UnixMs } from '@tarsier/protocol';
import type { ShipperDeps } from '../../packages/agent/src/shipping/shipper.ts';
import type { SpooledBatch } from '../../packages/agent/src/spool/contract.ts';

export interface MemorySpool {
  readonly of: ShipperDeps['spool'];
  readonly waiting: number;
  readonly waitingBytes: number;
  append(bytes: Uint8Array, time: UnixMs, samples: number): void;
}

/** What became of a batch. */
export interface SpoolAccount {
  sent(samples: number, time: UnixMs): void;
  /** Given up: there was no more room, or the collector refused it for good. */
  dropped(samples: number, reason: string): void;
}

interface Held extends SpooledBatch {
  readonly samples: number;
  gone: boolean;
}

/** Hands out in the order of a real one: the newest batch, then what waits, oldest first. */
export function createMemorySpool(schema: Uint8Array, maxBytes: number, account: SpoolAccount): MemorySpool {
  const held: Held[] = [];
  const splits = new Map<string, string>();
  let latest: Held | undefined;
  let bytes = 0;

  function remove(one: Held): void {
    one.gone = true;
    held.splice(held.indexOf(one), 1);
    bytes -= one.bytes.byteLength;
    if (latest === one) latest = undefined;
  }

  return {
    get waiting() {
      return held.length;
    },
    get waitingBytes() {
      return bytes;
    },
    append(batch, time, samples) {
      latest = { bytes: batch, time, samples, gone: false };
      held.push(latest);
      bytes += batch.byteLength;
      for (let [oldest] = held; bytes > maxBytes && oldest !== undefined && held.length > 1; [oldest] = held) {
        remove(oldest);
        account.dropped(oldest.samples, 'spool/full');
      }
    },
    of: {
      peek: async () => latest ?? held[0],
      async acknowledge(batch, refused = []) {
        // It was handed out by `peek`.
        const one = batch as Held;
        if (one.gone) return;
        remove(one);
        const dropped = 'all' in refused ? [{ reason: refused.all, samples: one.samples }] : refused;
        for (const { reason, samples } of dropped) account.dropped(samples, reason);
        const sent = one.samples - dropped.reduce((sum, { samples }) => sum + samples, 0);
        if (sent > 0) account.sent(sent, one.time);
      },
      schemaOf: async () => schema,
      async noteSplit(name, cut) {
        splits.set(name, cut);
      },
      splitOf: (name) => splits.get(name),
      async keepRefused() {},
    },
  };
}
