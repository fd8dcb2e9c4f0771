/**
 * What became of every sample that was taken, by hour: sent, dropped and why, or still waiting. Written together with
 * what of the spool is done, so that the two are of one moment, whenever the agent is killed.
 */
import { randomUUID } from 'node:crypto';
import { countSamples, decodeEnvelope, decodePayload, type UnixMs } from '@tarsier/protocol';
import { zstdDecompress } from '@tarsier/protocol/zstd';
import { z } from 'zod';

export const hourMs = 3_600_000;

/** Reasons of the agent's own; a collector's are the codes of its refusals. */
export const dropReasons = {
  /** The spool was full. */
  full: 'spool/full',
  /** Older than a collector takes. */
  old: 'spool/too-old',
  /** The disk took nothing, and memory was full. */
  memory: 'spool/memory',
  /** Not in the spool any more: damaged, deleted by hand, or in memory alone when the agent was killed. */
  lost: 'spool/lost',
} as const;

/** Where in the spool the last batch is that was counted. */
export interface Position {
  readonly segment: number;
  readonly offset: number;
}

export interface LedgerRow {
  /** Hours since 1970, UTC. */
  readonly hour: number;
  readonly taken: number;
  readonly sent: number;
  readonly dropped: Readonly<Record<string, number>>;
  readonly crashes: number;
}

export interface LedgerBook {
  /** Names this account: another folder has another. */
  readonly source: string;
  readonly position: Position;
  take(hour: number, samples: number): void;
  /** A batch is over and done with: what of it was not dropped was sent. */
  finish(hour: number, samples: number, dropped?: readonly Dropped[]): void;
  /** A batch that was dropped is not over after all. */
  takeBack(hour: number, samples: number, reason: string): void;
  /** The agent ended without saying so; what it had not written yet is in no figure. */
  crash(hour: number): void;
  moveTo(position: Position): void;
  /** Batches and samples that wait, by hour. */
  waiting(): ReadonlyMap<number, { readonly batches: number; readonly samples: number }>;
  /** Rows that have changed after a revision; 0 for all. */
  changes(after: number): { readonly rows: readonly LedgerRow[]; readonly revision: number };
  /** Leaves out hours of which all is told and done, apart from the newest ones. */
  forget(reported: number): void;
  /** @param open  an agent works with it */
  encode(open: boolean): string;
}

export interface Dropped {
  readonly reason: string;
  readonly samples: number;
}

const count = z.number().int().min(0);
const stateSchema = z.object({
  source: z.uuid(),
  at: z.tuple([count, count]),
  open: z.boolean(),
  hours: z.array(
    z.object({
      h: count,
      /** Batches that were taken, and that are done. */
      b: z.tuple([count, count]),
      t: count,
      s: count,
      d: z.record(z.string(), count),
      c: count,
    }),
  ),
});

interface Hour {
  taken: number;
  sent: number;
  readonly dropped: Map<string, number>;
  crashes: number;
  takenBatches: number;
  doneBatches: number;
  revision: number;
}

const linePrefix = 'ledger ';
/** So many hours stay in the book after they are told and done. */
const keptHours = 72;

/**
 * @param text  the file that {@link LedgerBook.encode}'s line is in
 * @returns also whether an agent had it open that did not close it
 */
export function openBook(text: string): { readonly book: LedgerBook; readonly crashed: boolean } {
  const line = text.split('\n').find((one) => one.startsWith(linePrefix));
  const state = line === undefined ? undefined : parse(line.slice(linePrefix.length));
  const source = state?.source ?? randomUUID();
  let position: Position = { segment: state?.at[0] ?? 0, offset: state?.at[1] ?? 0 };
  let revision = 1;
  const hours = new Map<number, Hour>(
    state?.hours.map(({ h, b, t, s, d, c }) => [
      h,
      {
        taken: t,
        sent: s,
        dropped: new Map(Object.entries(d)),
        crashes: c,
        takenBatches: b[0],
        doneBatches: b[1],
        revision,
      },
    ]),
  );

  function changed(hour: number): Hour {
    let row = hours.get(hour);
    if (row === undefined) {
      row = { taken: 0, sent: 0, dropped: new Map(), crashes: 0, takenBatches: 0, doneBatches: 0, revision: 0 };
      hours.set(hour, row);
    }
    row.revision = ++revision;
    return row;
  }

  const book: LedgerBook = {
    source,
    get position() {
      return position;
    },
    take(hour, samples) {
      const row = changed(hour);
      row.taken += samples;
      row.takenBatches++;
    },
    finish(hour, samples, dropped = []) {
      const row = changed(hour);
      row.doneBatches++;
      let left = samples;
      for (const { reason, samples: some } of dropped) {
        row.dropped.set(reason, (row.dropped.get(reason) ?? 0) + some);
        left -= some;
      }
      row.sent += left;
    },
    takeBack(hour, samples, reason) {
      const row = changed(hour);
      row.doneBatches--;
      row.dropped.set(reason, (row.dropped.get(reason) ?? 0) - samples);
    },
    crash(hour) {
      changed(hour).crashes++;
    },
    moveTo(next) {
      position = next;
    },
    waiting() {
      const all = new Map<number, { batches: number; samples: number }>();
      for (const [hour, row] of hours) {
        const batches = row.takenBatches - row.doneBatches;
        if (batches > 0) all.set(hour, { batches, samples: row.taken - row.sent - sumOf(row.dropped) });
      }
      return all;
    },
    changes(after) {
      const rows = [...hours]
        .filter(([, row]) => row.revision > after)
        .map(([hour, { taken, sent, dropped, crashes }]) => ({
          hour,
          taken,
          sent,
          dropped: Object.fromEntries(dropped),
          crashes,
        }));
      return { rows, revision };
    },
    forget(reported) {
      const newest = Math.max(...hours.keys());
      for (const [hour, row] of hours)
        if (hour < newest - keptHours && row.revision <= reported && row.takenBatches === row.doneBatches)
          hours.delete(hour);
    },
    encode(open) {
      const rows = [...hours].map(([h, row]) => ({
        h,
        b: [row.takenBatches, row.doneBatches],
        t: row.taken,
        s: row.sent,
        d: Object.fromEntries(row.dropped),
        c: row.crashes,
      }));
      const { segment, offset } = position;
      return `${linePrefix}${JSON.stringify({ source, at: [segment, offset], open, hours: rows })}\n`;
    },
  };
  return { book, crashed: state?.open === true };
}

/** Anything else than what was written begins a new account. */
function parse(json: string): z.infer<typeof stateSchema> | undefined {
  try {
    return stateSchema.safeParse(JSON.parse(json)).data;
  } catch {
    return undefined;
  }
}

/** Samples of a batch. @throws {BatchError} when this version can't read it */
export function samplesOf(batch: Uint8Array): number {
  return countSamples(decodePayload(decodeEnvelope(batch).payload, zstdDecompress));
}

export function hourOf(time: UnixMs): number {
  return Math.floor(time / hourMs);
}

function sumOf(counts: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const one of counts.values()) sum += one;
  return sum;
}
