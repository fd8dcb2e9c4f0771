/** Hot file: a series' samples from where they are kept, put together: each once, in order of time. */
import type { SeriesColumn, UnixMs } from '@tarsier/protocol';
import { bitsOf } from '@tarsier/protocol/chunk';
import { countBelow } from '../../bisect.ts';
import type { SampleRoom } from '../../sample-room.ts';
import { latestOfEachTime } from '../columns.ts';

/** Samples of one series from one block, segment or batch. */
export interface Piece {
  /** Ascending; a time may occur more than once. */
  readonly times: Float64Array;
  readonly values: Float64Array;
  /** 1 where a sample exists; absent when all do. */
  readonly present?: Uint8Array;
  /** Which batch each row came with; asked for only where pieces overlap. */
  readonly origins: () => { readonly epochs: Float64Array; readonly seqs: Float64Array };
}

/**
 * Cuts and joins the pieces of series. Series of one host, and of hosts that tick together, have their times in common:
 * what was made of some times is given out again for the same ones.
 */
export class PieceJoiner {
  readonly #room: SampleRoom;
  #whole: Float64Array = new Float64Array();
  #cut: Float64Array = new Float64Array();
  #cutFirst = 0;
  #parts: readonly Float64Array[] = [];
  #joined: Float64Array = new Float64Array();
  /** Times of which each is there once, as was found. */
  #distinct: Float64Array | undefined;

  constructor(room: SampleRoom) {
    this.#room = room;
  }

  /** The part of it from `from` to `to`, both included; views, not copies. Undefined when there is none. */
  cut(piece: Piece, from: UnixMs, to: UnixMs): Piece | undefined {
    const { times, values, present, origins } = piece;
    const first = countBelow(times, from);
    const end = countBelow(times, to + 1);
    if (first >= end) return undefined;
    if (first === 0 && end === times.length) return piece;
    if (times !== this.#whole || first !== this.#cutFirst || end - first !== this.#cut.length) {
      this.#whole = times;
      this.#cutFirst = first;
      this.#cut = times.subarray(first, end);
    }
    return {
      times: this.#cut,
      values: values.subarray(first, end),
      ...(present === undefined ? {} : { present: present.subarray(first, end) }),
      origins() {
        const { epochs, seqs } = origins();
        return { epochs: epochs.subarray(first, end), seqs: seqs.subarray(first, end) };
      },
    };
  }

  /** Of two samples at one time that of the later run of the agent counts, and of one run's the later batch's. */
  join(pieces: readonly Piece[]): SeriesColumn {
    const [only] = pieces;
    if (only === undefined) return { times: new Float64Array(), values: new Float64Array() };
    if (pieces.length === 1) return this.#latest(only);
    const sorted = pieces.toSorted((a, b) => (a.times[0] ?? 0) - (b.times[0] ?? 0));
    const overlap = sorted.some((piece, at) => at > 0 && (sorted[at - 1]?.times.at(-1) ?? 0) >= (piece.times[0] ?? 0));
    const { times, values, present } = this.#copyAll(sorted);
    return overlap ? merge(sorted, { times, values, present }) : this.#latest({ times, values, present });
  }

  #latest({
    times,
    values,
    present,
  }: Pick<Piece, 'times' | 'values'> & { readonly present?: Uint8Array | undefined }): SeriesColumn {
    if (present === undefined && times === this.#distinct) return { times, values };
    const column = latestOfEachTime(times, values, present);
    if (column.times === times) this.#distinct = times;
    return column;
  }

  #copyAll(pieces: readonly Piece[]): Required<Pick<Piece, 'times' | 'values'>> & { present: Uint8Array | undefined } {
    const times = this.#timesOf(pieces);
    const values = this.#room.take(times.length);
    const present = pieces.some((piece) => piece.present !== undefined)
      ? new Uint8Array(times.length).fill(1)
      : undefined;
    let next = 0;
    for (const piece of pieces) {
      values.set(piece.values, next);
      if (piece.present !== undefined) present?.set(piece.present, next);
      next += piece.times.length;
    }
    return { times, values, present };
  }

  #timesOf(pieces: readonly Piece[]): Float64Array {
    const parts = this.#parts;
    if (parts.length === pieces.length && pieces.every(({ times }, at) => times === parts[at])) return this.#joined;
    const times = this.#room.take(pieces.reduce((sum, piece) => sum + piece.times.length, 0));
    let next = 0;
    for (const piece of pieces) {
      times.set(piece.times, next);
      next += piece.times.length;
    }
    this.#parts = pieces.map((piece) => piece.times);
    this.#joined = times;
    return times;
  }
}

function merge(
  pieces: readonly Piece[],
  { times, values, present }: { times: Float64Array; values: Float64Array; present: Uint8Array | undefined },
): SeriesColumn {
  const epochs = new Float64Array(times.length);
  const seqs = new Float64Array(times.length);
  let next = 0;
  for (const piece of pieces) {
    const origins = piece.origins();
    epochs.set(origins.epochs, next);
    seqs.set(origins.seqs, next);
    next += piece.times.length;
  }
  const order = Int32Array.from({ length: times.length }, (_, row) => row).toSorted(
    (a, b) =>
      (times[a] ?? 0) - (times[b] ?? 0) ||
      (epochs[a] ?? 0) - (epochs[b] ?? 0) ||
      (seqs[a] ?? 0) - (seqs[b] ?? 0) ||
      a - b,
  );
  const sortedValues = new Float64Array(order.length);
  const from = bitsOf(values);
  const to = bitsOf(sortedValues);
  for (let row = 0; row < order.length; row++) {
    const source = (order[row] ?? 0) * 2;
    to[row * 2] = from[source] ?? 0;
    to[row * 2 + 1] = from[source + 1] ?? 0;
  }
  return latestOfEachTime(
    Float64Array.from(order, (row) => times[row] ?? 0),
    sortedValues,
    present === undefined ? undefined : Uint8Array.from(order, (row) => present[row] ?? 0),
  );
}
