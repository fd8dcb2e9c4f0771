/** The y range of a chart: round, and steady while samples come and go. */
export interface ValueRange {
  readonly min: number;
  readonly max: number;
  /** Between two lines; of a logarithmic axis 0: its lines are the powers of ten. */
  readonly step: number;
}

export interface HeldRange {
  readonly range: ValueRange;
  /** Since when a smaller range would do; absent while this one is needed. */
  readonly smallerSince?: number;
}

const shrinkAfterMs = 30_000;
const wantedSteps = 4;

/**
 * Round steps around the values, zero included.
 *
 * @param divisor  of the scale that the axis is written in, so that steps are round as they are read
 * @param floor  the smallest maximum: idle noise shall not fill the chart
 */
export function roundRange(min: number, max: number, divisor: number, floor: number): ValueRange {
  const top = Math.max(Number.isFinite(max) ? max : 0, floor) / divisor;
  const bottom = Math.min(Number.isFinite(min) ? min : 0, 0) / divisor;
  const step = roundStep((top - bottom) / wantedSteps);
  return {
    min: Math.floor(bottom / step) * step * divisor,
    // A hair of tolerance, or 0.3 / 0.1 asks for a fourth step.
    max: Math.ceil(top / step - 1e-9) * step * divisor,
    step: step * divisor,
  };
}

function roundStep(atLeast: number): number {
  const magnitude = 10 ** Math.floor(Math.log10(atLeast));
  const digit = [1, 2, 2.5, 5].find((candidate) => candidate * magnitude >= atLeast * (1 - 1e-9)) ?? 10;
  return digit * magnitude;
}

/** Grows at once, shrinks when a smaller range has been enough for 30 s: an axis that jumps each second misleads. */
export function holdRange(held: HeldRange | undefined, wanted: ValueRange, now: number): HeldRange {
  if (held === undefined) return { range: wanted };
  const { range, smallerSince } = held;
  if (wanted.max > range.max || wanted.min < range.min) return { range: wanted };
  if (wanted.max === range.max && wanted.min === range.min) return { range };
  if (smallerSince === undefined) return { range, smallerSince: now };
  return now - smallerSince >= shrinkAfterMs ? { range: wanted } : held;
}

/** Whole powers of ten around positive values; a decade at least. */
export function logRange(leastPositive: number, max: number): ValueRange {
  const low = Math.floor(Math.log10(Number.isFinite(leastPositive) && leastPositive > 0 ? leastPositive : 1));
  const high = Math.ceil(Math.log10(max > 0 ? max : 10) - 1e-9);
  return { min: 10 ** low, max: 10 ** Math.max(high, low + 1), step: 0 };
}

/** The lines of a range, its ends included. */
export function rangeLines({ min, max, step }: ValueRange): number[] {
  if (step === 0) {
    const low = Math.round(Math.log10(min));
    return Array.from({ length: Math.round(Math.log10(max)) - low + 1 }, (_, i) => 10 ** (low + i));
  }
  return Array.from({ length: Math.round((max - min) / step) + 1 }, (_, i) => min + i * step);
}
