/** What detector.ts promises, of every detector in the registry. */
import { describe, expect, test } from 'vitest';
import type { HostDetector, SeriesDetector } from './detector.ts';
import { hostDetectors, seriesDetectors } from './registry.ts';
import { createNoise } from './testing.ts';

const t0 = Date.UTC(2026, 0, 1);
const stepMs = 300_000;
const at = (step: number): number => t0 + step * stepMs;

/** Noise on a daily wave, with a level shift and a spike: something of everything. */
function eventful(length: number, seed = 5): number[] {
  const noise = createNoise(seed);
  return Array.from({ length }, (_, step) => {
    const wave = 20 * Math.sin((2 * Math.PI * step) / 288);
    return 100 + wave + 3 * noise() + (step > 700 && step < 760 ? 80 : 0) + (step === 850 ? 300 : 0);
  });
}

const hostile: Readonly<Record<string, (step: number, noise: () => number) => number>> = {
  'not a number': (step) => (step % 3 === 0 ? Number.NaN : step),
  'nothing but NaN': () => Number.NaN,
  infinities: (step, noise) => (step % 7 === 0 ? Infinity : step % 11 === 0 ? -Infinity : noise()),
  'a constant': () => 42,
  'a constant of 0': () => 0,
  'a constant but for one step': (step) => Number(step === 500),
  'two values': (step) => step % 2,
  'values near the largest number': (step, noise) => 1e308 * noise() * (step % 2 === 0 ? 1 : -1),
  'the largest numbers, by turns': (step) => (step % 2 === 0 ? Number.MAX_VALUE : -Number.MAX_VALUE),
  'values near the smallest number': (_, noise) => 1e-308 * noise(),
  'from the smallest to the largest': (step) => 10 ** (((step * 7) % 616) - 308),
  'a counter that resets': (step) => (step % 300) * 1000,
  'a ramp that does not end': (step) => step * 1e6,
};

describe.each(seriesDetectors)('$name', ({ create, views, name, summary }) => {
  const verdicts = (detector: SeriesDetector, values: readonly number[], from = 0): unknown[] =>
    values.map((value, step) => [detector.push(at(from + step), value), [...detector.surprises], detector.expected()]);

  test('has a name in kebab-case, a sentence and views', () => {
    expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/u);
    expect(summary.length).toBeGreaterThan(20);
    expect(new Set(views).size).toBe(views.length);
    expect(create(1).surprises).toHaveLength(views.length);
  });

  test('judges the same at every run, whatever another one sees', () => {
    const values = eventful(1200);
    const alone = verdicts(create(7), values);
    const [one, other] = [create(7), create(7)];
    const beside = values.map((value, step) => {
      other.push(at(step), -value * step);
      return verdicts(one, [value], step)[0];
    });
    expect(beside).toEqual(alone);
  });

  test.each([0, 1, 49, 50, 51, 333, 720, 1100])('goes on bit for bit from a checkpoint after %d samples', (stop) => {
    const values = eventful(1400);
    const first = create(3);
    verdicts(first, values.slice(0, stop));
    const restored = create(3);
    verdicts(restored, [1, 2, 3]);
    restored.restore(first.checkpoint());
    expect(verdicts(restored, values.slice(stop), stop)).toEqual(verdicts(first, values.slice(stop), stop));
  });

  test('a checkpoint of another shape is refused, and changes nothing', () => {
    const values = eventful(200);
    const [detector, untouched] = [create(3), create(3)];
    verdicts(detector, values);
    verdicts(untouched, values);
    expect(() => detector.restore(new Uint8Array(3))).toThrow(RangeError);
    expect(verdicts(detector, values, 200)).toEqual(verdicts(untouched, values, 200));
  });

  test('takes as much memory after thousands of samples as at first', () => {
    const detector = create(1);
    const before = [detector.bytes, detector.checkpoint().length];
    verdicts(detector, eventful(2500));
    expect([detector.bytes, detector.checkpoint().length]).toEqual(before);
  });

  test('late and repeated samples are left out', () => {
    const values = eventful(600);
    const [plain, disturbed] = [create(2), create(2)];
    for (const [step, value] of values.entries()) {
      const verdict = plain.push(at(step), value);
      expect(disturbed.push(at(step), value)).toBe(verdict);
      expect(disturbed.push(at(step), 1e9)).toBeNaN();
      expect(disturbed.push(at(step - 5), -1e9)).toBeNaN();
    }
  });

  test.each(Object.entries(hostile))('survives %s, and judges again afterwards', (_, valueAt) => {
    const noise = createNoise(9);
    const detector = create(4);
    for (let step = 0; step < 1000; step++) {
      const value = valueAt(step, noise);
      const surprise = detector.push(at(step), value);
      if (Number.isNaN(surprise)) continue;
      expect(Math.abs(value)).toBeLessThan(Infinity);
      expect(surprise).toBeGreaterThanOrEqual(0);
      expect(surprise).toBeLessThan(Infinity);
      const { low, middle, high } = detector.expected() ?? { low: 0, middle: 0, high: 0 };
      expect(low <= middle && middle <= high, `${low} <= ${middle} <= ${high}`).toBe(true);
    }
    const after = Array.from({ length: 600 }, (_, step) => detector.push(at(1000 + step), 5 + noise()));
    expect(after.slice(500).every((surprise) => surprise >= 0)).toBe(true);
  });

  test('survives gaps of any length', () => {
    const detector = create(4);
    const noise = createNoise(2);
    let time = t0;
    for (let step = 0; step < 1500; step++) {
      time += step % 250 === 0 ? 10 ** (step / 250 + 4) : stepMs;
      const surprise = detector.push(time, noise());
      if (!Number.isNaN(surprise)) expect(surprise).toBeGreaterThanOrEqual(0);
    }
  });

  test('quiet noise is as rarely odd as its scores say', () => {
    const seeds = [11, 12];
    const counts = { judged: 0, over1: 0, over2: 0, over3: 0 };
    for (const seed of seeds) {
      const noise = createNoise(seed);
      const detector = create(seed);
      for (let step = 0; step < 6000; step++) {
        const surprise = detector.push(at(step), 10 + noise());
        if (step < 1000 || Number.isNaN(surprise)) continue;
        counts.judged++;
        counts.over1 += Number(surprise >= 1);
        counts.over2 += Number(surprise >= 2);
        counts.over3 += Number(surprise >= 3);
      }
    }
    // Neighbours resemble each other, so that the rare ones come in clusters.
    expect(counts.judged).toBeGreaterThan(1000);
    expect(counts.over1 / counts.judged / 0.1).toBeLessThan(2);
    expect(counts.over2 / counts.judged / 0.01).toBeLessThan(2.5);
    expect(counts.over3 / counts.judged / 0.001).toBeLessThan(4);
  });
});

const width = 4;

describe.each(hostDetectors)('$name', ({ create, name, summary }) => {
  const made = (): HostDetector => create({ seed: 3, width, training: 200 });
  const rows = (length: number): Float64Array[] => {
    const channels = Array.from({ length: width }, (_, channel) => eventful(length, channel + 1));
    return Array.from({ length }, (_, step) => Float64Array.from(channels, (values) => values[step] ?? 0));
  };
  const verdicts = (detector: HostDetector, values: readonly Float64Array[], from = 0): unknown[] =>
    values.map((row, step) => [detector.push(at(from + step), row), [...detector.contributions]]);

  test('has a name in kebab-case and a sentence', () => {
    expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/u);
    expect(summary.length).toBeGreaterThan(20);
  });

  test('judges nothing while it trains, then everything, the same at every run', () => {
    const values = rows(1000);
    const surprises = values.map(
      (
        (detector) => (row, step) =>
          detector.push(at(step), row)
      )(made()),
    );
    expect(surprises.slice(0, 200).every(Number.isNaN)).toBe(true);
    expect(surprises.slice(400).every((surprise) => surprise >= 0 && surprise < Infinity)).toBe(true);
    expect(verdicts(made(), values)).toEqual(verdicts(made(), values));
  });

  test.each([0, 1, 199, 200, 201, 333, 720])('goes on bit for bit from a checkpoint after %d rows', (stop) => {
    const values = rows(1000);
    const first = made();
    verdicts(first, values.slice(0, stop));
    const restored = made();
    verdicts(restored, rows(3));
    restored.restore(first.checkpoint());
    expect(verdicts(restored, values.slice(stop), stop)).toEqual(verdicts(first, values.slice(stop), stop));
  });

  test('a checkpoint of another shape is refused', () => {
    expect(() => made().restore(new Uint8Array(3))).toThrow(RangeError);
  });

  test('takes as much memory after thousands of rows as at first', () => {
    const detector = made();
    const before = [detector.bytes, detector.checkpoint().length];
    verdicts(detector, rows(3000));
    expect([detector.bytes, detector.checkpoint().length]).toEqual(before);
  });

  test('late and repeated rows, and rows of nothing, are left out', () => {
    const [plain, disturbed] = [made(), made()];
    for (const [step, row] of rows(600).entries()) {
      const verdict = plain.push(at(step), row);
      expect(disturbed.push(at(step), row)).toBe(verdict);
      expect(disturbed.push(at(step), row)).toBeNaN();
      expect(disturbed.push(at(step - 5), row)).toBeNaN();
      expect(disturbed.push(at(step) + 1, new Float64Array(width).fill(Number.NaN))).toBeNaN();
    }
  });

  test('quiet rows are as rarely odd as their scores say', () => {
    const noise = createNoise(6);
    const detector = made();
    const surprises = Array.from({ length: 6000 }, (_, step) =>
      detector.push(
        at(step),
        Float64Array.from({ length: width }, () => 10 + noise()),
      ),
    ).slice(1000);
    // As of one series: the rare ones come in clusters.
    expect(surprises.filter((surprise) => surprise >= 2).length / surprises.length / 0.01).toBeLessThan(2.5);
    expect(surprises.filter((surprise) => surprise >= 3).length / surprises.length / 0.001).toBeLessThan(4);
  });

  test.each(Object.entries(hostile))('survives a channel of %s', (_, valueAt) => {
    const noise = createNoise(9);
    const detector = made();
    for (let step = 0; step < 1500; step++) {
      const surprise = detector.push(at(step), Float64Array.of(noise(), valueAt(step, noise), noise(), 7));
      if (!Number.isNaN(surprise)) {
        expect(surprise).toBeGreaterThanOrEqual(0);
        expect(surprise).toBeLessThan(Infinity);
      }
      const sum = detector.contributions.reduce((total, share) => total + share, 0);
      expect(Math.abs(sum) < 1e-6 || Math.abs(sum - 1) < 1e-6, `${sum}`).toBe(true);
    }
  });
});
