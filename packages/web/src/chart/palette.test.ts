import { expect, test } from 'vitest';
import { assignSlots, palettes, sequential, surfaces } from './palette.ts';

type Rgb = readonly [number, number, number];

/** Linear light, 0 to 1. */
function linear(hex: string): Rgb {
  const channel = (at: number): number => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return [channel(1), channel(3), channel(5)];
}

/** WCAG 2 contrast ratio. */
function contrast(a: string, b: string): number {
  const luminance = (hex: string): number => {
    const [red, green, blue] = linear(hex);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [light = 0, dark = 0] = [luminance(a), luminance(b)].toSorted((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
}

/** OKLab (Ottosson 2020), times 100. */
function oklab([red, green, blue]: Rgb): Rgb {
  const l = Math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue);
  const m = Math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue);
  const s = Math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue);
  return [
    100 * (0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s),
    100 * (1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s),
    100 * (0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s),
  ];
}

/** Machado et al. 2009, severity 1, on linear light. */
const sights: Record<string, readonly [Rgb, Rgb, Rgb]> = {
  normal: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protan: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deutan: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritan: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

function seen([red, green, blue]: Rgb, rows: readonly [Rgb, Rgb, Rgb]): Rgb {
  const row = ([r, g, b]: Rgb): number => Math.min(1, Math.max(0, r * red + g * green + b * blue));
  return [row(rows[0]), row(rows[1]), row(rows[2])];
}

const themes = ['light', 'dark'] as const;

test.each(themes)('every line colour stands out from the %s surfaces', (theme) => {
  for (const surface of surfaces[theme]) {
    for (const colour of palettes[theme]) expect(contrast(colour, surface)).toBeGreaterThanOrEqual(3.05);
  }
});

test.each(themes.flatMap((theme) => Object.keys(sights).map((sight) => [theme, sight] as const)))(
  'the %s palette can be told apart with %s sight',
  (theme, sight) => {
    const labs = palettes[theme].map((hex) =>
      oklab(
        seen(
          linear(hex),
          sights[sight] ?? [
            [1, 0, 0],
            [0, 1, 0],
            [0, 0, 1],
          ],
        ),
      ),
    );
    for (const [i, a] of labs.entries()) {
      for (const b of labs.slice(i + 1))
        expect(Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2])).toBeGreaterThan(10.9);
    }
  },
);

test('a series keeps its colour when another one leaves, and a new one takes the free slot', () => {
  const first = assignSlots(new Map(), ['a', 'b', 'c']);
  const second = assignSlots(first, ['a', 'c', 'd']);
  expect([...second]).toEqual([
    ['a', 0],
    ['c', 2],
    ['d', 1],
  ]);
});

test.each(['light', 'dark'] as const)('heat in the %s theme only ever goes further from the surface', (theme) => {
  const [surface = '#000000'] = surfaces[theme];
  const contrasts = sequential[theme].map((colour) => contrast(colour, surface));
  expect(contrasts).toEqual(contrasts.toSorted((a, b) => a - b));
  expect(contrasts.at(-1)).toBeGreaterThan(7);
});
