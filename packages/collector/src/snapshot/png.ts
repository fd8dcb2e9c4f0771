/** A picture as PNG, which mail programs and chats show where they do not show SVG. */
import { crc32, deflateSync } from 'node:zlib';
import { glyph, glyphBit } from './font.ts';
import type { Colour, Picture, Point, Shape } from './shapes.ts';

/** A fifth larger than by the usual level, in a third of the time. */
const level = 3;

/** @returns a file of 8-bit RGB on white */
export function toPng({ width, height, shapes }: Picture): Buffer {
  const canvas = new Canvas(width, height);
  for (const shape of shapes) canvas.draw(shape);
  return canvas.toFile();
}

/** As the file has it, so that nothing is copied: each row is preceded by its filter, 0 for none. */
class Canvas {
  readonly #width: number;
  readonly #height: number;
  /** Bytes of a row. */
  readonly #stride: number;
  readonly #rows: Uint8Array;
  /** Of a line that is being drawn, by pixel; 0 everywhere in between. */
  readonly #covered: Float32Array;

  constructor(width: number, height: number) {
    [this.#width, this.#height, this.#stride] = [width, height, 1 + 3 * width];
    this.#rows = new Uint8Array(this.#stride * height);
    this.#covered = new Float32Array(width * height);
    this.#box({ x: 0, y: 0, width, height, fill: '#ffffff', opacity: 1 });
  }

  draw(shape: Shape): void {
    if (shape.kind === 'box') this.#box(shape);
    else if (shape.kind === 'line') this.#line(shape);
    else this.#text(shape);
  }

  #box({ x, y, width, height, fill, opacity }: Omit<Extract<Shape, { kind: 'box' }>, 'kind'>): void {
    const [left, right] = [Math.max(0, Math.round(x)), Math.min(this.#width, Math.round(x + width))];
    const [top, bottom] = [Math.max(0, Math.round(y)), Math.min(this.#height, Math.round(y + height))];
    const rgb = rgbOf(fill);
    for (let row = top; row < bottom; row++) {
      // Most are as the one above: those are copied.
      const [from, to] = [row * this.#stride + 1 + 3 * left, row * this.#stride + 1 + 3 * right];
      if (opacity === 1 && row > top) this.#rows.copyWithin(from, from - this.#stride, to - this.#stride);
      else for (let column = left; column < right; column++) this.#blend(column, row, rgb, opacity);
    }
  }

  /** How much of a pixel a line covers follows from how far its middle is from it. */
  #line({ points, stroke, width, dash }: Extract<Shape, { kind: 'line' }>): void {
    const reach = width / 2 + 0.5;
    const touched: number[] = [];
    for (const [[x1, y1], [x2, y2]] of segmentsOf(points, dash)) {
      const [left, right] = [Math.min(x1, x2) - reach, Math.max(x1, x2) + reach];
      const [top, bottom] = [Math.min(y1, y2) - reach, Math.max(y1, y2) + reach];
      for (let y = Math.max(0, Math.floor(top)); y <= Math.min(this.#height - 1, bottom); y++) {
        for (let x = Math.max(0, Math.floor(left)); x <= Math.min(this.#width - 1, right); x++) {
          const coverage = Math.min(1, reach - distance(x + 0.5 - x1, y + 0.5 - y1, x2 - x1, y2 - y1));
          const at = y * this.#width + x;
          const before = this.#covered[at] ?? 0;
          // The most of all segments, so that joints are no darker than the rest; NaN of one that ends nowhere.
          if (!(coverage > before)) continue;
          if (before === 0) touched.push(at);
          this.#covered[at] = coverage;
        }
      }
    }
    const rgb = rgbOf(stroke);
    for (const at of touched) {
      this.#blend(at % this.#width, Math.floor(at / this.#width), rgb, this.#covered[at] ?? 0);
      this.#covered[at] = 0;
    }
  }

  #text({ x, y, anchor, text, fill }: Extract<Shape, { kind: 'text' }>): void {
    const characters = Array.from(text);
    const length = characters.length * glyph.width;
    const left = Math.round(anchor === 'start' ? x : anchor === 'middle' ? x - length / 2 : x - length);
    const top = Math.round(y) - glyph.ascent;
    const rgb = rgbOf(fill);
    for (const [i, character] of characters.entries()) {
      for (let row = 0; row < glyph.height; row++) {
        for (let column = 0; column < glyph.width; column++) {
          if (glyphBit(character, column, row)) this.#blend(left + i * glyph.width + column, top + row, rgb, 1);
        }
      }
    }
  }

  #blend(x: number, y: number, rgb: number, opacity: number): void {
    if (x < 0 || y < 0 || x >= this.#width || y >= this.#height) return;
    const at = y * this.#stride + 1 + 3 * x;
    for (let i = 0; i < 3; i++) {
      const before = this.#rows[at + i] ?? 0;
      this.#rows[at + i] = Math.round(before + (((rgb >> (16 - 8 * i)) & 0xff) - before) * opacity);
    }
  }

  /** https://www.w3.org/TR/png-3/ */
  toFile(): Buffer {
    const header = Buffer.alloc(13);
    header.writeUInt32BE(this.#width, 0);
    header.writeUInt32BE(this.#height, 4);
    // 8 bits, RGB, the only compression, filters and order that are usual.
    header.set([8, 2, 0, 0, 0], 8);
    return Buffer.concat([
      Buffer.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
      chunk('IHDR', header),
      chunk('IDAT', deflateSync(this.#rows, { level })),
      chunk('IEND', Buffer.alloc(0)),
    ]);
  }
}

function rgbOf(colour: Colour): number {
  return Number.parseInt(colour.slice(1), 16);
}

function chunk(type: string, data: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, sum]);
}

function segmentsOf(points: readonly Point[], dash: number | undefined): readonly (readonly [Point, Point])[] {
  const segments: [Point, Point][] = [];
  for (const [i, to] of points.entries()) {
    const from = points[i - 1];
    if (from !== undefined) segments.push([from, to]);
  }
  const [whole] = segments;
  if (dash === undefined || whole === undefined) return segments;
  const [from, to] = whole;
  const length = Math.hypot(to[0] - from[0], to[1] - from[1]);
  const at = (along: number): Point => {
    const share = Math.min(1, along / length);
    return [from[0] + (to[0] - from[0]) * share, from[1] + (to[1] - from[1]) * share];
  };
  const dashes = Array.from({ length: Math.ceil(length / (2 * dash)) }, (_, i) => 2 * dash * i);
  return dashes.map((begin) => [at(begin), at(begin + dash)] as const);
}

/** From a point to a segment that begins at 0, 0. */
function distance(x: number, y: number, dx: number, dy: number): number {
  const squared = dx * dx + dy * dy;
  const along = squared === 0 ? 0 : Math.max(0, Math.min(1, (x * dx + y * dy) / squared));
  const [aside, above] = [x - along * dx, y - along * dy];
  return Math.sqrt(aside * aside + above * above);
}
