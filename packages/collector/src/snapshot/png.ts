/** A picture as PNG, which mail programs and chats show where they do not show SVG. */
import { crc32, deflateSync } from 'node:zlib';
import { glyph, glyphBit } from './font.ts';
import type { Colour, Picture, Point, Shape } from './shapes.ts';

/** @returns a file of 8-bit RGB on white */
export function toPng({ width, height, shapes }: Picture): Buffer {
  const canvas = new Canvas(width, height);
  for (const shape of shapes) canvas.draw(shape);
  return canvas.toFile();
}

class Canvas {
  readonly #width: number;
  readonly #height: number;
  readonly #pixels: Uint8Array;

  constructor(width: number, height: number) {
    [this.#width, this.#height] = [width, height];
    this.#pixels = new Uint8Array(width * height * 3).fill(255);
  }

  draw(shape: Shape): void {
    switch (shape.kind) {
      case 'box': {
        const { x, y, width, height, fill, opacity } = shape;
        for (let row = Math.round(y); row < Math.round(y + height); row++) {
          for (let column = Math.round(x); column < Math.round(x + width); column++) {
            this.#blend(column, row, fill, opacity);
          }
        }
        return;
      }
      case 'line':
        return this.#line(shape);
      case 'text':
        return this.#text(shape);
    }
  }

  /** How much of a pixel a line covers follows from how far its middle is from it. */
  #line({ points, stroke, width, dash }: Extract<Shape, { kind: 'line' }>): void {
    // The most of all segments, so that joints are no darker than the rest.
    const covered = new Map<number, number>();
    const reach = width / 2 + 0.5;
    for (const [from, to] of segmentsOf(points, dash)) {
      const [left, right] = [Math.min(from[0], to[0]) - reach, Math.max(from[0], to[0]) + reach];
      const [top, bottom] = [Math.min(from[1], to[1]) - reach, Math.max(from[1], to[1]) + reach];
      for (let y = Math.max(0, Math.floor(top)); y <= Math.min(this.#height - 1, bottom); y++) {
        for (let x = Math.max(0, Math.floor(left)); x <= Math.min(this.#width - 1, right); x++) {
          const coverage = Math.min(1, reach - distance([x + 0.5, y + 0.5], from, to));
          const at = y * this.#width + x;
          if (coverage > (covered.get(at) ?? 0)) covered.set(at, coverage);
        }
      }
    }
    for (const [at, coverage] of covered) this.#blend(at % this.#width, Math.floor(at / this.#width), stroke, coverage);
  }

  #text({ x, y, anchor, text, fill }: Extract<Shape, { kind: 'text' }>): void {
    const characters = Array.from(text);
    const length = characters.length * glyph.width;
    const left = Math.round(anchor === 'start' ? x : anchor === 'middle' ? x - length / 2 : x - length);
    const top = Math.round(y) - glyph.ascent;
    for (const [i, character] of characters.entries()) {
      for (let row = 0; row < glyph.height; row++) {
        for (let column = 0; column < glyph.width; column++) {
          if (glyphBit(character, column, row)) this.#blend(left + i * glyph.width + column, top + row, fill, 1);
        }
      }
    }
  }

  #blend(x: number, y: number, colour: Colour, opacity: number): void {
    if (x < 0 || y < 0 || x >= this.#width || y >= this.#height) return;
    const rgb = Number.parseInt(colour.slice(1), 16);
    const at = (y * this.#width + x) * 3;
    for (const [i, shift] of [16, 8, 0].entries()) {
      const before = this.#pixels[at + i] ?? 0;
      this.#pixels[at + i] = Math.round(before + (((rgb >> shift) & 0xff) - before) * opacity);
    }
  }

  /** https://www.w3.org/TR/png-3/ */
  toFile(): Buffer {
    const row = this.#width * 3;
    // Each row is preceded by its filter: 0, none.
    const rows = new Uint8Array((row + 1) * this.#height);
    for (let y = 0; y < this.#height; y++) rows.set(this.#pixels.subarray(y * row, (y + 1) * row), y * (row + 1) + 1);
    const header = Buffer.alloc(13);
    header.writeUInt32BE(this.#width, 0);
    header.writeUInt32BE(this.#height, 4);
    // 8 bits, RGB, the only compression, filters and order that are usual.
    header.set([8, 2, 0, 0, 0], 8);
    return Buffer.concat([
      Buffer.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
      chunk('IHDR', header),
      chunk('IDAT', deflateSync(rows)),
      chunk('IEND', Buffer.alloc(0)),
    ]);
  }
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

/** From a point to a segment. */
function distance([x, y]: Point, [x1, y1]: Point, [x2, y2]: Point): number {
  const [dx, dy] = [x2 - x1, y2 - y1];
  const squared = dx * dx + dy * dy;
  const along = squared === 0 ? 0 : Math.max(0, Math.min(1, ((x - x1) * dx + (y - y1) * dy) / squared));
  return Math.hypot(x - x1 - along * dx, y - y1 - along * dy);
}
