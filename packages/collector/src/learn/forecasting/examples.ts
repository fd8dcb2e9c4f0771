/** What a forecasting network is shown of a series: what is known at an origin, and what came then. */
import { meanOf } from '../../stats/mean.ts';

export interface GroupSeries {
  /** In time order, one per step, without gaps. */
  readonly values: Float64Array;
  /** Of the first value, in ms since 1970. */
  readonly startMs: number;
}

export interface ExampleShape {
  readonly stepMs: number;
  /** Newest values that are looked at. */
  readonly lookback: number;
  /** Steps that are foretold. */
  readonly horizon: number;
  /** Steps of each season, from the shortest to the longest. */
  readonly seasons: readonly number[];
}

/** What a series' values are measured in around an origin. */
export interface Normaliser {
  readonly centre: number;
  readonly scale: number;
}

const dayMs = 86_400_000;
/** Both with a sine and a cosine for each harmonic. */
const calendar = [
  { periodMs: dayMs, harmonics: 3 },
  { periodMs: 7 * dayMs, harmonics: 3 },
] as const;
const calendarInputs = calendar.reduce((sum, { harmonics }) => sum + 2 * harmonics, 0);
/** What is farther out says no more. */
const farthest = 10;

/** @returns numbers that {@link writeInputs} writes */
export function inputsOf({ lookback, horizon, seasons }: ExampleShape): number {
  return lookback + seasons.length * horizon + calendarInputs;
}

/** Values that have to be known before an origin, with its own. */
export function historyOf({ lookback, seasons }: ExampleShape): number {
  return Math.max(lookback, ...seasons);
}

/** @returns place of the newest value with the same phase as the value `lead` steps, at least 1, after the origin */
export function samePhase(origin: number, lead: number, season: number): number {
  return origin + lead - season * Math.ceil(lead / season);
}

/** @returns place among the inputs of the value that is said again: of the given season, or the last value */
export function naiveInput({ lookback, horizon }: ExampleShape, season: number | undefined, lead: number): number {
  return season === undefined ? 0 : lookback + season * horizon + lead - 1;
}

/**
 * Centre and spread of the newest values (reversible instance normalisation: Kim et al. 2022), so that one network serves
 * series of any size, and one whose level has changed.
 */
export function normaliserAt(values: Float64Array, origin: number, { lookback, seasons }: ExampleShape): Normaliser {
  const count = Math.min(origin + 1, Math.max(lookback, seasons[0] ?? 0));
  const window = values.subarray(origin + 1 - count, origin + 1);
  const centre = meanOf(window);
  const scale = window.reduce((sum, value) => sum + Math.abs(value - centre), 0) / count;
  // Of a constant the rest is rounding.
  return { centre, scale: scale > 1e-9 * Math.abs(centre) ? scale : 1 };
}

/**
 * Newest values first; then for each season the values of the same phase as each step ahead; then where in the day and
 * the week the origin is.
 *
 * @param origin  place of the newest value that is known; at least {@link historyOf} - 1
 */
export function writeInputs(
  inputs: Float64Array,
  { values, startMs }: GroupSeries,
  origin: number,
  shape: ExampleShape,
  { centre, scale }: Normaliser,
): void {
  const normal = (at: number): number => {
    const value = ((values[at] ?? 0) - centre) / scale;
    return Math.max(-farthest, Math.min(farthest, value));
  };
  let place = 0;
  for (let back = 0; back < shape.lookback; back++) inputs[place++] = normal(origin - back);
  for (const season of shape.seasons) {
    for (let lead = 1; lead <= shape.horizon; lead++) inputs[place++] = normal(samePhase(origin, lead, season));
  }
  const time = startMs + origin * shape.stepMs;
  for (const { periodMs, harmonics } of calendar) {
    const phase = (2 * Math.PI * (time % periodMs)) / periodMs;
    // Of a period that is shorter than a step there is nothing to see.
    const seen = shape.stepMs * 2 <= periodMs ? 1 : 0;
    for (let harmonic = 1; harmonic <= harmonics; harmonic++) {
      inputs[place++] = seen * Math.sin(harmonic * phase);
      inputs[place++] = seen * Math.cos(harmonic * phase);
    }
  }
}
