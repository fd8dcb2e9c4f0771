/** Texts as QR codes (ISO/IEC 18004), for a phone that is held to the screen: bytes, level L, versions 1 to 10. */
import { correctionOf } from './reed-solomon.ts';

/** Of each version: bytes of correction of a block, and how many blocks there are. */
const blocksOf = [
  [7, 1],
  [10, 1],
  [15, 1],
  [20, 1],
  [26, 1],
  [18, 2],
  [20, 2],
  [24, 2],
  [30, 2],
  [18, 4],
] as const;
/** Level L, as the format's bits say it. */
const levelBits = 1;

/** Which squares are dark, row by row. @returns undefined when the text is longer than 271 bytes */
export function qrCode(text: string): readonly Uint8Array[] | undefined {
  const bytes = new TextEncoder().encode(text);
  for (const [at, [correction, blocks]] of blocksOf.entries()) {
    const version = at + 1;
    const all = Math.floor(rawModules(version) / 8);
    const capacity = all - correction * blocks;
    const headBits = 4 + (version < 10 ? 8 : 16);
    if (headBits + 8 * bytes.length > 8 * capacity) continue;
    const data = dataOf(bytes, version, capacity);
    return draw(version, interleave(data, { all, blocks, correction }));
  }
  return undefined;
}

function rawModules(version: number): number {
  let count = (16 * version + 128) * version + 64;
  if (version >= 2) {
    const marks = Math.floor(version / 7) + 2;
    count -= (25 * marks - 10) * marks - 55;
    if (version >= 7) count -= 36;
  }
  return count;
}

/** Kind, length, bytes, and padding. */
function dataOf(bytes: Uint8Array, version: number, capacity: number): Uint8Array {
  const bits: number[] = [];
  const append = (value: number, length: number): void => {
    for (let bit = length - 1; bit >= 0; bit--) bits.push((value >>> bit) & 1);
  };
  append(0b0100, 4);
  append(bytes.length, version < 10 ? 8 : 16);
  for (const byte of bytes) append(byte, 8);
  append(0, Math.min(4, 8 * capacity - bits.length));
  append(0, (8 - (bits.length % 8)) % 8);
  for (let pad = 0xec; bits.length < 8 * capacity; pad ^= 0xec ^ 0x11) append(pad, 8);
  const data = new Uint8Array(capacity);
  for (const [i, bit] of bits.entries()) data[i >>> 3] = (data[i >>> 3] ?? 0) | (bit << (7 - (i & 7)));
  return data;
}

/** Blocks side by side, each with its correction: what a scratch hides is spread over them. */
function interleave(
  data: Uint8Array,
  { all, blocks, correction }: { readonly all: number; readonly blocks: number; readonly correction: number },
): Uint8Array {
  const shortLength = Math.floor(all / blocks) - correction;
  const shortBlocks = blocks - (all % blocks);
  let start = 0;
  const parts = Array.from({ length: blocks }, (_, i) => {
    const end = start + shortLength + (i < shortBlocks ? 0 : 1);
    const part = data.subarray(start, end);
    start = end;
    return { part, correction: correctionOf(part, correction) };
  });
  const result: number[] = [];
  for (let i = 0; i <= shortLength; i++) for (const { part } of parts) if (i < part.length) result.push(part[i] ?? 0);
  for (let i = 0; i < correction; i++) for (const one of parts) result.push(one.correction[i] ?? 0);
  return Uint8Array.from(result);
}

const masks: readonly ((x: number, y: number) => boolean)[] = [
  (x, y) => (x + y) % 2 === 0,
  (_, y) => y % 2 === 0,
  (x) => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0,
  (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
];

function draw(version: number, codewords: Uint8Array): readonly Uint8Array[] {
  const drawn = masks.map((mask, number) => drawMasked(version, codewords, mask, number));
  const [best = []] = drawn.toSorted((a, b) => penaltyOf(a) - penaltyOf(b));
  return best;
}

function drawMasked(
  version: number,
  codewords: Uint8Array,
  mask: (x: number, y: number) => boolean,
  number: number,
): readonly Uint8Array[] {
  const size = 17 + 4 * version;
  const dark = Array.from({ length: size }, () => new Uint8Array(size));
  const fixed = Array.from({ length: size }, () => new Uint8Array(size));
  const set = (x: number, y: number, isDark: boolean): void => {
    const [row, fixedRow] = [dark[y], fixed[y]];
    if (row === undefined || fixedRow === undefined || x < 0 || x >= size) return;
    row[x] = isDark ? 1 : 0;
    fixedRow[x] = 1;
  };
  for (let i = 0; i < size; i++) {
    set(6, i, i % 2 === 0);
    set(i, 6, i % 2 === 0);
  }
  for (const [x, y] of [
    [3, 3],
    [size - 4, 3],
    [3, size - 4],
  ] as const) {
    square(set, x, y, 4, (distance) => distance !== 2 && distance !== 4);
  }
  const marks = marksOf(version, size);
  for (const [i, x] of marks.entries()) {
    for (const [j, y] of marks.entries()) {
      const isCorner =
        (i === 0 && j === 0) || (i === 0 && j === marks.length - 1) || (i === marks.length - 1 && j === 0);
      if (!isCorner) square(set, x, y, 2, (distance) => distance !== 1);
    }
  }
  drawFormat(set, size, (levelBits << 3) | number);
  if (version >= 7) drawVersion(set, size, version);
  let bit = 0;
  for (let right = size - 1; right >= 1; right -= 2) {
    // The column of the timing pattern is passed over.
    if (right === 6) right = 5;
    for (let step = 0; step < size; step++) {
      for (const x of [right, right - 1]) {
        const y = ((right + 1) & 2) === 0 ? size - 1 - step : step;
        const row = dark[y];
        if (row === undefined || fixed[y]?.[x] === 1) continue;
        const isDark = (((codewords[bit >>> 3] ?? 0) >>> (7 - (bit & 7))) & 1) === 1;
        row[x] = isDark !== mask(x, y) ? 1 : 0;
        bit++;
      }
    }
  }
  return dark;
}

type Set = (x: number, y: number, isDark: boolean) => void;

function square(set: Set, cx: number, cy: number, reach: number, isDark: (distance: number) => boolean): void {
  for (let dy = -reach; dy <= reach; dy++) {
    for (let dx = -reach; dx <= reach; dx++) set(cx + dx, cy + dy, isDark(Math.max(Math.abs(dx), Math.abs(dy))));
  }
}

function marksOf(version: number, size: number): readonly number[] {
  if (version === 1) return [];
  const count = Math.floor(version / 7) + 2;
  const step = Math.ceil((version * 4 + 4) / (count * 2 - 2)) * 2;
  return [6, ...Array.from({ length: count - 1 }, (_, i) => size - 7 - (count - 2 - i) * step)];
}

/** With ten bits of a BCH code, twice: once around the first corner, once along the two others. */
function drawFormat(set: Set, size: number, data: number): void {
  let rest = data;
  for (let i = 0; i < 10; i++) rest = (rest << 1) ^ ((rest >>> 9) * 0x537);
  const bits = ((data << 10) | rest) ^ 0x5412;
  const at = (i: number): boolean => ((bits >>> i) & 1) === 1;
  for (let i = 0; i <= 5; i++) set(8, i, at(i));
  set(8, 7, at(6));
  set(8, 8, at(7));
  set(7, 8, at(8));
  for (let i = 9; i < 15; i++) set(14 - i, 8, at(i));
  for (let i = 0; i < 8; i++) set(size - 1 - i, 8, at(i));
  for (let i = 8; i < 15; i++) set(8, size - 15 + i, at(i));
  set(8, size - 8, true);
}

function drawVersion(set: Set, size: number, version: number): void {
  let rest = version;
  for (let i = 0; i < 12; i++) rest = (rest << 1) ^ ((rest >>> 11) * 0x1f25);
  const bits = (version << 12) | rest;
  for (let i = 0; i < 18; i++) {
    const isDark = ((bits >>> i) & 1) === 1;
    const [a, b] = [size - 11 + (i % 3), Math.floor(i / 3)];
    set(a, b, isDark);
    set(b, a, isDark);
  }
}

/** How hard it is to read: long runs of one colour, and squares of it. */
function penaltyOf(dark: readonly Uint8Array[]): number {
  let penalty = 0;
  const at = (x: number, y: number): number => dark[y]?.[x] ?? -1;
  for (let a = 0; a < dark.length; a++) {
    for (const look of [(b: number) => at(b, a), (b: number) => at(a, b)]) {
      for (let b = 1, run = 1; b <= dark.length; b++) {
        if (look(b) === look(b - 1)) run++;
        else {
          if (run >= 5) penalty += run - 2;
          run = 1;
        }
      }
    }
    for (let b = 1; b < dark.length && a > 0; b++) {
      const colour = at(b, a);
      if (colour === at(b - 1, a) && colour === at(b, a - 1) && colour === at(b - 1, a - 1)) penalty += 3;
    }
  }
  return penalty;
}
