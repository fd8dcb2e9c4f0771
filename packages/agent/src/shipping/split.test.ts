import { decodeEnvelope } from '@tarsier/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cutFor, halve, type Piece } from './split.ts';
import { makeBatch, samplesIn } from '../testing.ts';

/** Cuts until nothing more can be cut. */
function piecesOf(piece: Piece, schema: Uint8Array, sentSchema: Uint8Array | undefined): Piece[] {
  const cut = cutFor(piece.bytes, sentSchema);
  if (cut === undefined) return [piece];
  const own = piece.schema?.bytes ?? schema;
  return halve(piece, cut, own).flatMap((half) => piecesOf(half, own, sentSchema));
}

test('pieces have names of their own, and all samples of the batch, each once', () => {
  const shape = fc.record({
    rows: fc.integer({ min: 1, max: 20 }),
    width: fc.integer({ min: 1, max: 20 }),
    seq: fc.constantFrom(0, 1, 12_345, 2 ** 24 - 1),
    schemaCounts: fc.boolean(),
  });
  fc.assert(
    fc.property(shape, ({ rows, width, seq, schemaCounts }) => {
      const { bytes, schema } = makeBatch({ rows, width, seq });
      const pieces = piecesOf({ bytes }, schema.bytes, schemaCounts ? schema.bytes : undefined);
      const batches = pieces.map((piece) => decodeEnvelope(piece.bytes));
      const names = batches.map(({ epoch, seq }) => `${epoch}/${seq}`);
      expect(new Set(names).size).toBe(pieces.length);
      const samples = pieces.flatMap((piece, index) => {
        const batch = batches[index];
        return batch === undefined ? [] : samplesIn(batch, (piece.schema ?? schema).bytes);
      });
      expect(samples.toSorted()).toEqual(samplesIn(decodeEnvelope(bytes), schema.bytes).toSorted());
      expect(pieces.length).toBe(rows * width <= 32 ? rows * width : pieces.length);
    }),
    { numRuns: 60 },
  );
});

test('the same batch gives the same halves, whenever it is cut', () => {
  const { bytes, schema } = makeBatch({ rows: 5, width: 5 });
  for (const cut of ['rows', 'series'] as const)
    expect(halve({ bytes }, cut, schema.bytes)).toEqual(halve({ bytes: bytes.slice() }, cut, schema.bytes));
});

test('a batch is cut by ticks, and by series where its schema is most of it or there is one tick only', () => {
  const { bytes } = makeBatch({ rows: 3, width: 3 });
  expect(cutFor(bytes, undefined)).toBe('rows');
  expect(cutFor(bytes, new Uint8Array(10_000))).toBe('series');
  expect(cutFor(makeBatch({ rows: 1, width: 3 }).bytes, undefined)).toBe('series');
  expect(cutFor(makeBatch({ rows: 1, width: 1 }).bytes, undefined)).toBe(undefined);
  expect(cutFor(makeBatch({ rows: 3, seq: 63 * 2 ** 24 }).bytes, undefined)).toBe(undefined);
});
