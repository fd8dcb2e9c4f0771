/** How samples are kept: chunks, the rows of a block, rollups. Pure, like the rest of the package. */
export { ByteReader, ByteWriter } from '../bytes.ts';
export { bitsOf, encodeColumn } from '../column.ts';
export { beginPieces, decodeChunk, encodeChunk } from './chunk.ts';
export type { Rollup } from './rollup.ts';
export { coarsen, emptyRollup, overlay, rollUp, rollupColumns } from './rollup.ts';
export type { RollupHead } from './rollup-codec.ts';
export { decodeRollup, decodeRollupHead, encodeRollup, encodeRollupHead } from './rollup-codec.ts';
export type { BlockRows } from './rows.ts';
export { decodeRows, decodeRowTimes, encodeRows } from './rows.ts';
