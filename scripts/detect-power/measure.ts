/** Detectors of one series and of a host, asked the same: how often do they find what, and how rarely do they err? */
import {
  hostDetectors,
  quietSeries,
  seriesDetectors,
  type HostDetector,
  type SeriesDetector,
} from '@tarsier/collector/detect';
import { createSeries, faults, faultSteps, type Fault } from './faults.ts';

/** Score of 0.999. */
const alarm = 3;
/** A season of 144 steps is a day: some know days from the clock. */
const stepMs = 600_000;
const t0 = Date.UTC(2026, 0, 1);
/** Steps that are quiet before a fault: more than what any detector needs, and 14 seasons. */
const learning = 2016;
/** Of a host's channels the first has the fault. */
const width = 4;
const training = 400;

/** A detector that is given one value a step. */
export interface Subject {
  readonly name: string;
  create(seed: number): {
    /** @param value  undefined when there is no sample */
    push(step: number, value: number | undefined): number;
    checkpoint(): Uint8Array;
    restore(checkpoint: Uint8Array): void;
  };
}

export const subjects: readonly Subject[] = [
  ...seriesDetectors.map(({ name, create }) => ({ name, create: (seed: number) => ofSeries(create(seed)) })),
  ...hostDetectors.map(({ name, create }) => ({
    name,
    create: (seed: number) => ofHost(create({ seed, width, training }), seed),
  })),
];

function ofSeries(detector: SeriesDetector) {
  return {
    push: (step: number, value: number | undefined) =>
      value === undefined
        ? (detector.surpriseOfSilence?.(t0 + (step + 0.5) * stepMs) ?? Number.NaN)
        : detector.push(t0 + step * stepMs, value),
    checkpoint: () => detector.checkpoint(),
    restore: (checkpoint: Uint8Array) => detector.restore(checkpoint),
  };
}

/** The host's other channels are quiet; they start anew with a restore, which to their detector is all the same. */
function ofHost(detector: HostDetector, seed: number) {
  const others = Array.from({ length: width - 1 }, (_, channel) => createSeries(false, 1000 * seed + channel));
  return {
    push: (step: number, value: number | undefined) =>
      detector.push(t0 + step * stepMs, Float64Array.of(value ?? Number.NaN, ...others.map((other) => other.quiet()))),
    checkpoint: () => detector.checkpoint(),
    restore: (checkpoint: Uint8Array) => detector.restore(checkpoint),
  };
}

export interface Power {
  readonly fault: Fault;
  readonly size: number;
  /** Share of runs with an alarm while the fault lasts. */
  readonly found: number;
}

export function measurePower(subject: Subject, runs: number): Power[] {
  const rows = faults.flatMap((fault) => fault.sizes.map((size) => ({ fault, size, alarms: 0 })));
  for (let run = 1; run <= runs; run++) {
    for (const isSeasonal of [false, true]) {
      const detector = subject.create(run);
      const quiet = createSeries(isSeasonal, run);
      for (let step = 0; step < learning; step++) detector.push(step, quiet.quiet());
      const learnt = detector.checkpoint();
      for (const row of rows) {
        if (row.fault.isSeasonal !== isSeasonal) continue;
        detector.restore(learnt);
        row.alarms += Number(hasAlarm(detector, row.fault, row.size, run));
      }
    }
  }
  return rows.map(({ fault, size, alarms }) => ({ fault, size, found: alarms / runs }));
}

function hasAlarm(detector: ReturnType<Subject['create']>, fault: Fault, size: number, run: number): boolean {
  const series = createSeries(fault.isSeasonal, run);
  for (let step = 0; step < learning; step++) series.quiet();
  for (let since = 0; since < faultSteps; since++) {
    const value = series.faulty(fault, size, since);
    if (detector.push(learning + since, value) >= alarm) return true;
  }
  return false;
}

export interface Calibration {
  readonly noise: string;
  /** Steps that score as 0.99 and 0.999, as a multiple of one in 100 and one in 1,000. */
  readonly over2: number;
  readonly over3: number;
}

export function measureCalibration(subject: Subject, steps: number, seeds: number): Calibration[] {
  return Object.entries(quietSeries).map(([noise, quiet]) => {
    let [judged, over2, over3] = [0, 0, 0];
    for (let seed = 1; seed <= seeds; seed++) {
      const detector = subject.create(seed);
      const next = quiet(seed);
      for (let step = 0; step < steps; step++) {
        const surprise = detector.push(step, next());
        if (step < learning || Number.isNaN(surprise)) continue;
        judged++;
        over2 += Number(surprise >= 2);
        over3 += Number(surprise >= 3);
      }
    }
    return { noise, over2: (100 * over2) / judged, over3: (1000 * over3) / judged };
  });
}
