import { setImmediate as nextTurn } from 'node:timers/promises';
import { seriesSignature, TarsierError } from '@tarsier/protocol';
import { modelName, type DetectorTraining, type DetectorTrainingPoint } from '@tarsier/protocol/api';
import { z } from 'zod';
import { hostDetectors } from '../../../detect/registry.ts';
import { bootstrap, isHigher } from '../../../learn/comparison/bootstrap.ts';
import { scoreOf, thresholdFor, unitsOf, type TrialUnit } from '../../../learn/comparison/detector-trial.ts';
import { inject, placeInjections, spreadOf, type Injection } from '../../../learn/comparison/injection.ts';
import { fixedSigma, lastChange } from '../../../learn/comparison/plain-detectors.ts';
import { formatNumber } from '../../../stats/format.ts';
import { dayMs, hourMs } from '../../../storage/hours.ts';
import { defineJobType } from '../../job-type.ts';
import { readGroup } from '../forecast/read-group.ts';

/** Of the training: raised when the same data and seed give another model than before. */
const detectorCode = 1;
const trainedShare = 0.7;
const leastRows = 400;
const stepsPerInjection = 90;
const mostInjections = 24;
/** Points of the curve. */
const looks = 5;

type Channels = readonly Float64Array[];

export const detectorTrain = defineJobType({
  name: 'detector.train',
  summary: 'Trains a detector on series together, and says whether it finds made anomalies better than plain ways.',
  payload: z.strictObject({
    model: modelName.describe('Name of the model: each training is a version of it.'),
    query: z.string().min(1).max(10_000).describe('Series that are looked at together, at best of one host.'),
    detector: z
      .enum(['isolation-forest', 'joint-level'])
      .default('joint-level')
      .describe('Which of the detectors of hosts.'),
    stepMs: z.int().min(10_000).max(hourMs).default(60_000),
    historyMs: z
      .int()
      .min(hourMs)
      .max(60 * dayMs)
      .default(3 * dayMs),
    falseAlarmsPerDay: z.number().min(0.01).max(100).default(1),
    seed: z
      .int()
      .min(0)
      .max(2 ** 31 - 1)
      .default(1),
    promote: z.enum(['if-better', 'always', 'never']).default('if-better'),
  }),
  runs: 'thread',
  estimateMs: ({ historyMs, stepMs }) => Math.round(2_000 + (0.3 * historyMs) / stepMs),
  async run(payload, context): Promise<DetectorTraining> {
    const { now, storage, scope, jobId, progress, signal } = context;
    const { model, query, stepMs, historyMs, seed, falseAlarmsPerDay } = payload;
    const kind = hostDetectors.find(({ name }) => name === payload.detector);
    if (kind === undefined) throw new Error(`there is no detector ${payload.detector}`);
    const to = Math.floor(now / stepMs) * stepMs;
    const from = to - historyMs;
    const { series } = await readGroup(context, { query, start: from, end: to, stepMs });
    const rows = Math.min(...series.map(({ values }) => values.length));
    if (!(rows >= leastRows)) {
      throw new TarsierError(
        'jobs/too-few-values',
        `query: expected series with at least ${leastRows} steps, all at once`,
      );
    }
    const channels = series.map(({ values }) => values.subarray(values.length - rows));
    const names = series.map(({ metric: { __name__: name = '', ...labels } }) => seriesSignature({ name, labels }));
    const hosts = new Set(series.map(({ metric }) => metric['host'] ?? ''));
    const trained = Math.floor(rows * trainedShare);
    const options = { seed, width: channels.length, training: Math.max(100, Math.floor(trained / 3)) };
    const segments = Math.max(1, Math.min(mostInjections, Math.floor((rows - trained) / stepsPerInjection)));
    const injections = placeInjections(rows, trained, segments, seed);
    // Each in one channel, by turns.
    const moved = channels.map((values, channel) =>
      inject(
        values,
        injections.filter((_, at) => at % channels.length === channel),
        spreadOf(values.subarray(0, trained)),
        seed + channel,
      ),
    );
    const firstAt = to - (rows - 1) * stepMs;
    const push = (detector: ReturnType<typeof kind.create>, of: Channels, at: number): number =>
      detector.push(
        firstAt + at * stepMs,
        Float64Array.from(of, (values) => values[at] ?? Number.NaN),
      );

    /** It as it is now over the time that it is tried on, without and with anomalies. */
    const tryOn = (learnt: Uint8Array, known: Float64Array): readonly TrialUnit[] => {
      const oddness = [channels, moved].map((of) => {
        const detector = kind.create(options);
        detector.restore(learnt);
        return known.map((odd, at) => (at < trained ? odd : push(detector, of, at)));
      });
      return unitsIn(
        oddness[0] ?? known,
        oddness[1] ?? known,
        injections,
        trained,
        (falseAlarmsPerDay * stepMs) / dayMs,
      );
    };

    const detector = kind.create(options);
    const known = new Float64Array(rows).fill(Number.NaN);
    const curve: DetectorTrainingPoint[] = [];
    let units: readonly TrialUnit[] = [];
    for (let look = 1, at = 0; look <= looks; look++) {
      for (const end = Math.floor((trained * look) / looks); at < end; at++) known[at] = push(detector, channels, at);
      units = tryOn(detector.checkpoint(), known);
      const { recall } = scoreOf(units);
      const quiet = units.filter(({ falseAlarms }) => falseAlarms === 0).length / units.length;
      const point = { rows: at, loss: 1 - recall, accuracy: (recall + quiet) / 2 };
      curve.push(point);
      progress({ ratio: (0.9 * look) / looks, message: 'training', metrics: point });
      await nextTurn();
      signal.throwIfAborted();
    }
    const plain = (['fixed-sigma', 'last-change'] as const).map((name) => {
      const [clean, odd] = [channels, moved].map((of) => jointly(of, name === 'fixed-sigma' ? fixedSigma : lastChange));
      const perStep = (falseAlarmsPerDay * stepMs) / dayMs;
      return { name, units: unitsIn(clean ?? known, odd ?? known, injections, trained, perStep) };
    });
    const days = ((rows - trained) * stepMs) / dayMs;
    const qualityOf = (name: string, some: readonly TrialUnit[]) => ({
      name,
      recall: bootstrap(some, (each) => scoreOf(each).recall, seed),
      falseAlarmsPerDay: bootstrap(some, (each) => scoreOf(each).falseAlarms / days, seed),
    });
    const f1 = (some: readonly TrialUnit[]) => bootstrap(some, (each) => scoreOf(each).f1, seed);
    const [best] = plain.toSorted((a, b) => f1(b.units).value - f1(a.units).value);
    const [own, other] = [f1(units), f1(best?.units ?? [])];
    const verdict = isHigher(own, other);
    // What was kept for the test is learnt as well.
    for (let at = trained; at < rows; at++) push(detector, channels, at);
    const saved = await storage.models.save(scope, {
      name: model,
      kind: `detector:${kind.name}`,
      parameters: { query, stepMs, training: options.training, channels: names },
      metrics: { f1: own.value, baselineF1: other.value, recall: scoreOf(units).recall },
      seed,
      window: { from, to },
      code: detectorCode,
      jobId,
      data: detector.checkpoint(),
    });
    const promoted = payload.promote === 'always' || (payload.promote === 'if-better' && verdict === 'better');
    if (promoted) await storage.models.promote(scope, model, saved.version);
    const comparison = {
      better: 'surely better than',
      unsure: 'perhaps better than',
      'not-better': 'no better than',
    }[verdict];
    return {
      kind: 'detector.train',
      version: 1,
      method: `${kind.summary}; tried on the newest ${Math.round(100 * (1 - trainedShare))} % with anomalies put in, each way with the same budget of false alarms; F1 with intervals by bootstrap`,
      sources: ['Liu, Ting & Zhou 2008, doi:10.1109/ICDM.2008.17', 'Efron 1979, doi:10.1214/aos/1176344552'],
      model,
      modelVersion: saved.version,
      detector: kind.name,
      host: [...hosts].join(', '),
      channels: names,
      rows,
      window: { from, to, heldOutFrom: firstAt + trained * stepMs },
      curve,
      heldOut: [qualityOf(kind.name, units), ...plain.map((one) => qualityOf(one.name, one.units))],
      verdict,
      explanation: `${kind.name} over ${channels.length} series has F1 ${formatNumber(own.value)} (${formatNumber(own.low)} to ${formatNumber(own.high)}), ${comparison} the plain ${best?.name ?? 'way'} with ${formatNumber(other.value)}.`,
      promoted,
      seed,
    };
  },
});

function unitsIn(
  clean: Float64Array,
  moved: Float64Array,
  injections: readonly Injection[],
  trained: number,
  perStep: number,
): readonly TrialUnit[] {
  return unitsOf(clean, moved, injections, trained, thresholdFor(clean, trained, perStep));
}

/** The oddest channel of each row. */
function jointly(channels: Channels, plain: typeof fixedSigma): Float64Array {
  const judges = channels.map(() => plain());
  const [first = new Float64Array()] = channels;
  return first.map((_, at) =>
    Math.max(...channels.map((values, channel) => judges[channel]?.judge(values[at] ?? Number.NaN) ?? Number.NaN)),
  );
}
