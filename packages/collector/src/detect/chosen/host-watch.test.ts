import { expect, test } from 'vitest';
import type { Anomaly, AnomalyEvent } from '@tarsier/protocol';
import { createNoise } from '../../stats/noise.ts';
import type { StoredSamples } from '../../stored-samples.ts';
import { decodeCheckpoint, encodeCheckpoint } from '../checkpoint.ts';
import { createDetection, type Detection } from '../detection.ts';
import { trainTrees } from '../isolation-forest/train-trees.ts';
import type { TreeTrainer } from '../isolation-forest/tree-trainer.ts';
import type { WatchSetting } from '../lane.ts';
import { hostDetectors } from '../registry.ts';

const t0 = Date.UTC(2026, 10, 24, 10);
const scope = { tenantId: 1, tenant: 'tenant-1' };
const width = 6;
/** Means of ten seconds: an hour to learn, half an hour more, and then a fault of ten minutes. */
const [faultFrom, faultTo, end] = [540, 600, 760];
const samplesPerMean = 2;

const choose = (names: readonly string[], more: Partial<WatchSetting> = {}): WatchSetting => ({
  key: 'setting',
  matches: ({ name }) => name.startsWith('valve'),
  sigmas: Infinity,
  kinds: [],
  hostKinds: hostDetectors.filter(({ name }) => names.includes(name)),
  surprise: 3,
  ...more,
});

/** Gauges of a host and a counter, of which the third and the counter move while the fault lasts. */
function* batches({
  seriesIds = Int32Array.from({ length: width }, (_, id) => id + 1),
  odd = [2, width - 1],
  by = 6,
} = {}): Iterable<StoredSamples> {
  const noises = Array.from({ length: width }, (_, channel) => createNoise(channel + 1));
  const metrics = Array.from(seriesIds, (id) => ({
    name: id === width ? 'valve_turns_total' : `valve_${id}`,
    kind: id === width ? ('counter' as const) : ('gauge' as const),
    unit: '',
    help: '',
  }));
  let turns = 0;
  const schema = {
    scope,
    hostId: 1,
    host: 'a',
    hash: new Uint8Array(16),
    agent: true,
    schema: { metrics, series: metrics.map((_, metric) => ({ metric, labels: {} })) },
    seriesIds,
  };
  for (let mean = 0; mean < end; mean++) {
    const isOdd = mean >= faultFrom && mean < faultTo;
    const values = new Float64Array(width * samplesPerMean);
    for (let row = 0; row < samplesPerMean; row++) {
      for (const [channel, noise] of noises.entries()) {
        const moved = isOdd && odd.includes(channel) ? by : 0;
        const value = 50 + noise() + moved;
        values[channel * samplesPerMean + row] = channel === width - 1 ? (turns += value * 5) : value;
      }
    }
    const times = Float64Array.from({ length: samplesPerMean }, (_, row) => t0 + mean * 10_000 + row * 5_000);
    yield { epoch: 1, seq: mean, schema, matrix: { times, width, values } };
  }
}

function watch(setting: WatchSetting, trainer?: TreeTrainer) {
  const told: Anomaly[] = [];
  const events: AnomalyEvent[] = [];
  const forgotten: (string | undefined)[] = [];
  const detection = createDetection({
    onChange: (_, anomaly) => told.push(anomaly),
    onEvent: (_, event) => events.push(event),
    onForgotten: (_, { detector }) => forgotten.push(detector),
    ...(trainer === undefined ? {} : { trainer }),
  });
  void detection.tune(scope, { pageSurprise: Infinity, judged: [], settings: [setting] });
  return { detection, told, events, forgotten };
}

/** Lets what another thread has told be heard between batches. */
async function feed(detection: Detection, list: Iterable<StoredSamples>): Promise<void> {
  for (const batch of list) {
    detection.consume(batch);
    await Promise.resolve();
  }
}

const newest = (told: readonly Anomaly[]): Anomaly[] => [...new Map(told.map((one) => [one.id, one])).values()];
const inFault = ({ start, end: over = Infinity }: Anomaly): boolean =>
  start < t0 + (faultTo + 1) * 10_000 && over > t0 + (faultFrom - 1) * 10_000;

test.each(hostDetectors.map(({ name }) => name))(
  '%s, where it is chosen, tells of series that are unlike their past together, and which they are',
  async (name) => {
    const { detection, told } = watch(choose([name]));
    await feed(detection, batches());
    const found = newest(told);
    const [anomaly] = found.filter(inFault);
    expect(anomaly).toMatchObject({ detector: name, host: 'a' });
    const strongest = anomaly?.contributors?.slice(0, 2).map(({ metric }) => metric) ?? [];
    expect(strongest.toSorted()).toEqual(['valve_3', 'valve_turns_total']);
    expect(anomaly?.metric).toBe(strongest[0]);
    const shares = anomaly?.contributors?.map(({ share }) => share) ?? [];
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeLessThanOrEqual(1.01);
    // A rate of 10 in two samples of five seconds each is as much as a gauge.
    expect(anomaly?.low).toBeGreaterThan(45);
    expect(anomaly?.high).toBeLessThan(55);
    expect(anomaly?.value).toBeGreaterThan(anomaly?.high ?? Infinity);
    expect(anomaly?.end).toBeDefined();
    expect(anomaly?.reason).toMatch(
      new RegExp(`^6 series of a together unlike their past before .* \\(${name}: one in 10\\^`, 'u'),
    );
    expect(found.filter((one) => !inFault(one)).length).toBeLessThanOrEqual(1);
  },
);

test('what is in the hands of another thread is the same as at once, and no batch waits', async () => {
  const later: TreeTrainer = { train: async (task) => trainTrees(task) };
  const never: TreeTrainer = { train: () => new Promise(() => {}) };
  const [one, other, waiting] = [later, later, never].map((trainer) => watch(choose(['isolation-forest']), trainer));
  for (const each of [one, other, waiting]) await feed(each?.detection ?? watch(choose([])).detection, batches());
  expect(one?.told.length).toBeGreaterThan(0);
  expect(other?.told).toEqual(one?.told);
  expect(waiting?.told).toEqual([]);
});

test.each(hostDetectors.map(({ name }) => name))('%s goes on bit for bit after a restart', async (name) => {
  const list = [...batches()];
  const stop = 500;
  const first = watch(choose([name]));
  await feed(first.detection, list.slice(0, stop));
  const second = watch(choose([name]));
  for (const { scope: of, ...state } of first.detection.checkpoints()) second.detection.restore(of, state);
  first.told.length = 0;
  await feed(first.detection, list.slice(stop));
  await feed(second.detection, list.slice(stop));
  expect(first.told.length).toBeGreaterThan(0);
  expect(second.told).toEqual(first.told);
});

test.each(hostDetectors.map(({ name }) => name))(
  '%s that was trained on the same series is gone on with at once, and another version takes its place',
  async (name) => {
    const kind = hostDetectors.find((one) => one.name === name);
    const gauges = width - 1;
    const list = [...batches()];
    const means = list.map(({ matrix: { values } }) =>
      Float64Array.from({ length: gauges }, (_, at) => {
        const [one = 0, two = 0] = values.subarray(at * samplesPerMean);
        return (one + two) / 2;
      }),
    );
    const trainedBy = faultFrom - 40;
    const detector = kind?.create({ seed: 7, width: gauges, training: 200 });
    // Its channels are in another order than the series come in.
    for (const [at, row] of means.slice(0, trainedBy).entries()) detector?.push(t0 + at * 10_000, row.toReversed());
    const model = {
      key: 'v1',
      kind: name,
      channels: Array.from({ length: gauges }, (_, at) => `valve_${gauges - at}{host="a"}`),
      body: detector?.checkpoint() ?? new Uint8Array(),
    };
    const foundBy = (told: readonly Anomaly[]) => newest(told).filter((one) => inFault(one) && one.detector === name);
    const setting = { matches: ({ name: metric }: { readonly name: string }) => /^valve_\d/u.test(metric) };
    const late = list.slice(trainedBy);
    const untrained = watch(choose([name], setting));
    await feed(untrained.detection, late);
    expect(foundBy(untrained.told)).toEqual([]);
    const { detection, told } = watch(choose([name], { ...setting, models: [model] }));
    await feed(detection, late);
    const [anomaly] = foundBy(told);
    expect(anomaly?.contributors?.[0]?.metric).toBe('valve_3');
    expect(anomaly?.id).toContain('setting-v1');
    // Of other series, of another kind or of another shape: as if there were none.
    const others = [
      { ...model, channels: model.channels.slice(1) },
      { ...model, kind: 'other' },
      { ...model, body: new Uint8Array(8) },
    ];
    for (const other of others) {
      const without = watch(choose([name], { ...setting, models: [other] }));
      await feed(without.detection, late);
      expect(foundBy(without.told)).toEqual([]);
    }
    // Another version: what the former one saw as unusual ends with it.
    const next = choose([name], { ...setting, models: [{ ...model, key: 'v2' }] });
    const changing = watch(choose([name], { ...setting, models: [model] }));
    const middle = faultFrom + 20 - trainedBy;
    await feed(changing.detection, late.slice(0, middle));
    void changing.detection.tune(scope, { pageSurprise: Infinity, judged: [], settings: [next] });
    await feed(changing.detection, late.slice(middle));
    const ids = foundBy(changing.told).map(({ id, end: over }) => [id.includes('setting-v2'), over !== undefined]);
    expect(ids[0]).toEqual([false, true]);
  },
);

test('a series that goes away takes nothing of what was learnt of the others with it', async () => {
  const list = [...batches()];
  const { detection, told } = watch(choose(['joint-level']));
  await feed(detection, list.slice(0, 500));
  // The first is gone, and another has come.
  const seriesIds = Int32Array.of(9, 2, 3, 4, 5, 6);
  await feed(detection, [...batches({ seriesIds })].slice(500));
  const [anomaly] = newest(told).filter(inFault);
  expect(
    anomaly?.contributors
      ?.slice(0, 2)
      .map(({ metric }) => metric)
      .toSorted(),
  ).toEqual(['valve_3', 'valve_turns_total']);
});

test('an event of the host names the detector beside its series', async () => {
  const { detection, events } = watch(choose(['joint-level'], { sigmas: 2.5 }));
  await feed(detection, batches({ odd: [1, 2, 3], by: 30 }));
  const seen = events.flatMap(({ contributors }) => contributors.flatMap(({ detectors }) => detectors));
  expect(new Set(seen)).toEqual(new Set(['zscore', 'joint-level']));
});

test('a detector whose state can not be read says so, and learns anew', async () => {
  const list = [...batches()].slice(0, 40);
  const first = watch(choose(['isolation-forest']));
  await feed(first.detection, list);
  const second = watch(choose(['isolation-forest']));
  for (const { scope: of, hostId, body } of first.detection.checkpoints()) {
    const state = decodeCheckpoint(body);
    if (state === undefined) throw new Error('a checkpoint that was just made can not be read');
    const detectors = state.ofHost.detectors.map((one) => ({ ...one, body: new Uint8Array(3) }));
    second.detection.restore(of, { hostId, body: encodeCheckpoint({ ...state, ofHost: { detectors } }) });
  }
  await feed(second.detection, list);
  expect([first.forgotten, second.forgotten]).toEqual([[], ['isolation-forest']]);
});
