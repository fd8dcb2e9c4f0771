/** Every detector on the same series, with the same anomalies put in and the same budget of false alarms. */
import type { ComparedModel } from '@tarsier/protocol/api';
import { hostDetectors, seriesDetectors } from '../../../detect/registry.ts';
import { bootstrap, isHigher } from '../../../learn/comparison/bootstrap.ts';
import { costOf } from '../../../learn/comparison/cost.ts';
import { scoreOf, thresholdFor, unitsOf, type TrialUnit } from '../../../learn/comparison/detector-trial.ts';
import { efficiencyOf } from '../../../learn/comparison/efficiency.ts';
import { inject, placeInjections, spreadOf, type Injection } from '../../../learn/comparison/injection.ts';
import { fixedSigma, lastChange } from '../../../learn/comparison/plain-detectors.ts';
import { dayMs } from '../../../storage/hours.ts';

export interface DetectorComparison {
  readonly rows: readonly ComparedModel[];
  readonly injected: number;
}

export interface CompareRequest {
  /** Without gaps, one value each step. */
  readonly series: readonly Float64Array[];
  readonly stepMs: number;
  readonly falseAlarmsPerDay: number;
  readonly seed: number;
  /** CPU time so far, ms. */
  readonly clock: () => number;
  /** Called between two detectors. */
  readonly between: (done: number) => Promise<void>;
}

interface Contestant {
  readonly name: string;
  readonly summary: string;
  readonly isBaseline: boolean;
  /** Oddness of each step of one series; of detectors of hosts of all of them together. */
  run(series: readonly Float64Array[]): { readonly oddness: readonly Float64Array[]; readonly bytes: number };
}

/** Share of the time that detectors may learn from before they are tried. */
const trainedShare = 0.6;
/** An anomaly needs so much time to itself. */
const stepsPerInjection = 90;
const mostInjections = 24;
const startMs = Date.UTC(2026, 0, 1);

export async function compareDetectors(request: CompareRequest): Promise<DetectorComparison> {
  const { series, stepMs, falseAlarmsPerDay, seed, clock, between } = request;
  const count = Math.min(...series.map(({ length }) => length));
  const aligned = series.map((values) => values.subarray(values.length - count));
  const trained = Math.floor(count * trainedShare);
  const segments = Math.min(mostInjections, Math.floor((count - trained) / stepsPerInjection));
  if (segments < 1) return { rows: [], injected: 0 };
  const placed = aligned.map((_, at) => placeInjections(count, trained, segments, seed + at));
  const perStep = (falseAlarmsPerDay * stepMs) / dayMs;
  const heldOutDays = ((count - trained) * stepMs * aligned.length) / dayMs;
  const found: { readonly row: Omit<ComparedModel, 'verdict'>; readonly units: readonly TrialUnit[] }[] = [];

  for (const [done, contestant] of contestants(stepMs, aligned.length).entries()) {
    const isJoint = contestant.name in jointNames;
    // A host's detector sees all series; each anomaly is in one of them.
    const own = isJoint ? shared(placed) : placed;
    const moved = aligned.map((values, at) =>
      inject(values, own[at] ?? [], spreadOf(values.subarray(0, trained)), seed + at),
    );
    const { result: clean, ms: cpuMs } = costOf(() => contestant.run(aligned), clock);
    const after = contestant.run(moved);
    const units = clean.oddness.flatMap((oddness, at) => {
      const threshold = thresholdFor(oddness, trained, perStep);
      const injections = isJoint ? [...own.flat()].toSorted((a, b) => a.from - b.from) : (own[at] ?? []);
      return unitsOf(oddness, after.oddness[at] ?? oddness, injections, trained, threshold);
    });
    const score = scoreOf(units);
    const samples = count * aligned.length;
    const runMs = cpuMs / samples;
    const quality = bootstrap(units, (some) => scoreOf(some).f1, seed);
    const days = isJoint ? heldOutDays / aligned.length : heldOutDays;
    const { efficiency, rating } = efficiencyOf({ quality: quality.value, runMs, everyMs: stepMs, trainingMs: 0 });
    found.push({
      units,
      row: {
        family: 'detector',
        name: contestant.name,
        summary: contestant.summary,
        isBaseline: contestant.isBaseline,
        quality,
        falseAlarmsPerDay: bootstrap(units, (some) => scoreOf(some).falseAlarms / days, seed),
        recall: score.recall,
        precision: score.precision,
        ...(Number.isNaN(score.delay) ? {} : { latencyMs: score.delay * stepMs }),
        cpuNsPerSample: runMs * 1e6,
        memoryBytes: clean.bytes / (isJoint ? aligned.length : 1),
        trainingMs: runMs * trained,
        efficiency,
        rating,
      },
    });
    await between(done + 1);
  }
  const best = found
    .filter(({ row }) => row.isBaseline)
    .toSorted((a, b) => b.row.quality.value - a.row.quality.value)[0];
  const rows = found.map(({ row }): ComparedModel => ({
    ...row,
    verdict: row.isBaseline || best === undefined ? 'baseline' : isHigher(row.quality, best.row.quality),
  }));
  return { rows: rows.toSorted((a, b) => b.efficiency - a.efficiency), injected: segments * aligned.length };
}

const jointNames: Readonly<Record<string, true>> = Object.fromEntries(hostDetectors.map(({ name }) => [name, true]));

/** Of the anomalies at each place those of one series, by turns. */
function shared(placed: readonly (readonly Injection[])[]): readonly (readonly Injection[])[] {
  return placed.map((own, series) => own.filter((_, at) => at % placed.length === series));
}

function contestants(stepMs: number, width: number): readonly Contestant[] {
  const each = (
    judge: () => { judge(value: number, at: number): number; readonly bytes: number },
  ): Contestant['run'] => {
    return (series) => {
      let bytes = 0;
      const oddness = series.map((values) => {
        const one = judge();
        ({ bytes } = one);
        return Float64Array.from(values, (value, at) => one.judge(value, at));
      });
      return { oddness, bytes };
    };
  };
  return [
    {
      name: 'fixed-sigma',
      summary: 'distance from the mean of all so far, in standard deviations',
      isBaseline: true,
      run: each(fixedSigma),
    },
    {
      name: 'last-change',
      summary: 'distance from the value before, in mean distances so far',
      isBaseline: true,
      run: each(lastChange),
    },
    ...seriesDetectors
      // Silence is not what is put in.
      .filter(({ name }) => name !== 'no-data')
      .map(({ name, summary, create }): Contestant => ({
        name,
        summary,
        isBaseline: false,
        run: each(() => {
          const detector = create(1);
          return { bytes: detector.bytes, judge: (value, at) => detector.push(startMs + at * stepMs, value) };
        }),
      })),
    ...(width < 2 ? [] : hostDetectors).map(({ name, summary, create }): Contestant => ({
      name,
      summary,
      isBaseline: false,
      run(series) {
        const [first = new Float64Array()] = series;
        const training = Math.max(50, Math.floor((first.length * trainedShare) / 3));
        const detector = create({ seed: 1, width: series.length, training });
        const row = new Float64Array(series.length);
        const oddness = first.map((_, at) => {
          for (const [channel, values] of series.entries()) row[channel] = values[at] ?? Number.NaN;
          return detector.push(startMs + at * stepMs, row);
        });
        return { oddness: [oddness], bytes: detector.bytes };
      },
    })),
  ];
}
