/** A network that foretells quantiles of many steps at once: how it is trained, kept, and asked. */
import { createNoise } from '../../stats/noise.ts';
import { quantileOf } from '../../stats/quantile.ts';
import { nextRandomState, randomOf } from '../../stats/random.ts';
import { createAdam } from '../network/adam.ts';
import { createResidualNetwork, randomiseHidden, type ResidualNetwork } from '../network/residual-network.ts';
import { medianAt, pinballLoss, quantileLevels, type QuantileForecast } from './accuracy.ts';
import {
  historyOf,
  inputsOf,
  naiveInput,
  normaliserAt,
  writeInputs,
  type ExampleShape,
  type GroupSeries,
} from './examples.ts';

const width = 48;
const blocks = 2;
const batchSize = 32;
const mostEpochs = 60;
/** Epochs without a better validation loss until training ends; after half of them steps become smaller. */
const patience = 8;
/** Examples of all series that are looked at in an epoch. */
const mostExamples = 3000;
const leastExamples = 40;
/** Share of the examples of each series, the newest, that is kept from training. */
const validationShare = 0.2;
/** How much of what is said again is said again; the rest is the mean of the newest values. */
const trusts = [1, 0.75, 0.5, 0.25] as const;
const adam = { rate: 1e-3, decay: 0.02 } as const;
/** How far a band may be moved by what was seen in validation. */
const calibrationBounds = { least: 0.5, most: 4 } as const;

/** A trained network, as plain data: what predictions depend on, and nothing else. */
export interface ForecastModel {
  readonly shape: ExampleShape;
  readonly weights: Float32Array;
  /** By quantile: the distance from the median is multiplied with it. */
  readonly calibration: readonly number[];
}

export interface Epoch {
  readonly epoch: number;
  /** Mean pinball loss, in spreads of the series around each origin. */
  readonly trainingLoss: number;
  readonly validationLoss: number;
  /** By how much the median errs less than the naive forecast in validation: 1 is perfect, 0 no better, below 0 worse. */
  readonly skill: number;
}

export class TooFewValuesError extends Error {}

interface Example {
  readonly series: GroupSeries;
  readonly origin: number;
}

interface Prepared {
  readonly inputs: Float64Array;
  /** Normalised. */
  readonly truth: Float64Array;
}

/**
 * Minimises the pinball loss of all quantiles and steps, from a start that says what the best naive forecast says; ends
 * when what it was not trained with gets no better, and keeps the weights of the best epoch. The bands are then made as
 * wide as validation shows that they have to be (conformalised: Romano et al. 2019, arXiv:1905.03222).
 *
 * @returns yields after each epoch, so that its user may tell, wait or end; the same seed and series give the same model
 * @throws {TooFewValuesError} when the series are too short to learn from
 */
export function* trainForecaster(
  group: readonly GroupSeries[],
  shape: ExampleShape,
  seed: number,
): Generator<Epoch, ForecastModel> {
  const { training, validation } = examplesOf(group, shape);
  const network = createNetwork(shape);
  randomiseHidden(network, createNoise(seed));
  startAtNaive(network, shape, training);
  const step = createAdam(network.weights, adam);
  const gradient = new Float64Array(network.weights.length);
  const slopes = new Float64Array(network.shape.outputs);
  const naive = validationOf(network, shape, validation);
  let best = { loss: naive.loss, epoch: 0, weights: network.weights.slice() };
  let random = seed >>> 0;
  for (let epoch = 1; epoch <= mostEpochs && epoch - best.epoch <= patience; epoch++) {
    random = shuffle(training, random);
    const rate = epoch - best.epoch > patience / 2 ? 0.3 : 1;
    let trainingLoss = 0;
    for (let at = 0; at < training.length; at += batchSize) {
      const batch = training.slice(at, at + batchSize);
      gradient.fill(0);
      for (const { inputs, truth } of batch) {
        trainingLoss += writeSlopes(network.forward(inputs), truth, slopes, batch.length) / training.length;
        network.backward(slopes, gradient);
      }
      step(gradient, rate);
    }
    const { loss, error } = validationOf(network, shape, validation);
    if (loss < best.loss) best = { loss, epoch, weights: network.weights.slice() };
    yield { epoch, trainingLoss, validationLoss: loss, skill: naive.error === 0 ? 0 : 1 - error / naive.error };
  }
  // Rounded before the bands are measured, so that the model which is kept is the one that was.
  const weights = Float32Array.from(best.weights);
  network.weights.set(weights);
  return { shape, weights, calibration: calibrate(network, shape, validation) };
}

/**
 * @returns what is foretold at an origin of a series, by quantile, in ascending order at each step; the origin is the
 *   place of the newest value that is known
 */
export function createForecaster({
  shape,
  weights,
  calibration,
}: ForecastModel): (series: GroupSeries, origin: number) => QuantileForecast {
  const network = createNetwork(shape);
  network.weights.set(weights);
  const inputs = new Float64Array(network.shape.inputs);
  return (series, origin) => {
    if (origin < historyOf(shape) - 1 || origin >= series.values.length) {
      throw new RangeError(`origin: expected ${historyOf(shape) - 1} to ${series.values.length - 1}, got ${origin}`);
    }
    const normaliser = normaliserAt(series.values, origin, shape);
    writeInputs(inputs, series, origin, shape, normaliser);
    const ordered = inOrder(network.forward(inputs), shape);
    return ordered.map((column, at) =>
      column.map((value, step) => {
        const middle = ordered[medianAt]?.[step] ?? 0;
        return normaliser.centre + normaliser.scale * (middle + (calibration[at] ?? 1) * (value - middle));
      }),
    );
  };
}

function createNetwork(shape: ExampleShape): ResidualNetwork {
  return createResidualNetwork({
    inputs: inputsOf(shape),
    outputs: shape.horizon * quantileLevels.length,
    width,
    blocks,
  });
}

function examplesOf(group: readonly GroupSeries[], shape: ExampleShape) {
  const first = historyOf(shape) - 1;
  const training: Example[] = [];
  const validation: Example[] = [];
  for (const series of group) {
    const count = series.values.length - shape.horizon - first;
    const split = Math.floor(count * (1 - validationShare));
    for (let at = 0; at < count; at++) {
      // What comes after an example of the training must not be what comes after one of the validation.
      if (at >= split) validation.push({ series, origin: first + at });
      else if (at < split - shape.horizon) training.push({ series, origin: first + at });
    }
  }
  if (training.length < leastExamples || validation.length === 0) {
    const least = Math.ceil((leastExamples + shape.horizon) / (1 - validationShare)) + first + shape.horizon;
    const longest = Math.max(0, ...group.map(({ values }) => values.length));
    throw new TooFewValuesError(`series: expected at least ${least} values, got ${longest} in the longest`);
  }
  return {
    training: thinned(training, mostExamples).map((example) => prepare(example, shape)),
    validation: thinned(validation, mostExamples * validationShare).map((example) => prepare(example, shape)),
  };
}

function thinned(examples: readonly Example[], most: number): readonly Example[] {
  const stride = Math.max(1, examples.length / most);
  return Array.from(
    { length: Math.floor(examples.length / stride) },
    (_, at) => examples[Math.floor(at * stride)],
  ).filter((example) => example !== undefined);
}

function prepare({ series, origin }: Example, shape: ExampleShape): Prepared {
  const normaliser = normaliserAt(series.values, origin, shape);
  const inputs = new Float64Array(inputsOf(shape));
  writeInputs(inputs, series, origin, shape, normaliser);
  const truth = series.values
    .subarray(origin + 1, origin + 1 + shape.horizon)
    .map((value) => (value - normaliser.centre) / normaliser.scale);
  return { inputs, truth };
}

/** Of the last value and the values of each season, what was nearest to the truth. */
function startAtNaive(network: ResidualNetwork, shape: ExampleShape, training: readonly Prepared[]): void {
  const candidates = [undefined, ...shape.seasons.keys()].flatMap((season) =>
    trusts.map((trust) => ({ season, trust })),
  );
  const errors = candidates.map(({ season, trust }) => {
    let sum = 0;
    for (const { inputs, truth } of training) {
      for (const [step, value] of truth.entries()) {
        sum += Math.abs(value - trust * (inputs[naiveInput(shape, season, step + 1)] ?? 0));
      }
    }
    return sum;
  });
  const { season, trust } = candidates[errors.indexOf(Math.min(...errors))] ?? { season: undefined, trust: 1 };
  for (let step = 0; step < shape.horizon; step++) {
    for (const at of quantileLevels.keys()) {
      network.weights[network.direct(at * shape.horizon + step, naiveInput(shape, season, step + 1))] = trust;
    }
  }
}

/** @returns the mean loss; the slopes are those of the batch's mean */
function writeSlopes(outputs: Float64Array, truth: Float64Array, slopes: Float64Array, batch: number): number {
  const share = 1 / outputs.length;
  let loss = 0;
  let place = 0;
  for (const level of quantileLevels) {
    for (let step = 0; step < truth.length; step++, place++) {
      const [value, quantile] = [truth[step] ?? 0, outputs[place] ?? 0];
      loss += share * pinballLoss(value, quantile, level);
      slopes[place] = (share * (value >= quantile ? -level : 1 - level)) / batch;
    }
  }
  return loss;
}

function validationOf(network: ResidualNetwork, shape: ExampleShape, validation: readonly Prepared[]) {
  let [loss, error] = [0, 0];
  const slopes = new Float64Array(network.shape.outputs);
  for (const { inputs, truth } of validation) {
    const outputs = network.forward(inputs);
    loss += writeSlopes(outputs, truth, slopes, 1) / validation.length;
    for (const [step, value] of truth.entries())
      error += Math.abs(value - (outputs[medianAt * shape.horizon + step] ?? 0));
  }
  return { loss, error };
}

/** Quantiles that cross are put in order, which never makes them worse (Chernozhukov et al. 2010, doi:10.3982/ECTA7880). */
function inOrder(outputs: Float64Array, { horizon }: ExampleShape): Float64Array[] {
  const columns = quantileLevels.map((_, at) => outputs.slice(at * horizon, (at + 1) * horizon));
  for (let step = 0; step < horizon; step++) {
    const sorted = Float64Array.from(columns, (column) => column[step] ?? 0).toSorted();
    for (const [at, column] of columns.entries()) column[step] = sorted[at] ?? 0;
  }
  return columns;
}

function calibrate(network: ResidualNetwork, shape: ExampleShape, validation: readonly Prepared[]): number[] {
  // By quantile: where the truth was, in distances of the quantile from the median.
  const places = quantileLevels.map((): number[] => []);
  for (const { inputs, truth } of validation) {
    const ordered = inOrder(network.forward(inputs), shape);
    for (const [step, value] of truth.entries()) {
      const middle = ordered[medianAt]?.[step] ?? 0;
      for (const [at, column] of ordered.entries()) {
        const distance = (column[step] ?? 0) - middle;
        if (at !== medianAt && distance !== 0) places[at]?.push((value - middle) / distance);
      }
    }
  }
  return quantileLevels.map((level, at) => {
    if (at === medianAt) return 1;
    const sorted = Float64Array.from(places[at] ?? []).toSorted();
    if (sorted.length === 0) return 1;
    // A distance below the median turns the order around.
    const factor = quantileOf(sorted, Math.max(level, 1 - level));
    return Math.max(calibrationBounds.least, Math.min(calibrationBounds.most, factor));
  });
}

/** In place (Fisher and Yates). */
function shuffle(examples: Prepared[], random: number): number {
  let state = random;
  for (let at = examples.length - 1; at > 0; at--) {
    state = nextRandomState(state);
    const other = Math.floor(randomOf(state) * (at + 1));
    const [here, there] = [examples[at], examples[other]];
    if (here === undefined || there === undefined) continue;
    examples[at] = there;
    examples[other] = here;
  }
  return state;
}
