import { expect, test } from 'vitest';
import type { AnomalyEvent } from '@tarsier/protocol';
import { nextRandomState, randomOf } from '../../stats/random.ts';
import type { StoredSamples } from '../../stored-samples.ts';
import { createDetection } from '../detection.ts';
import type { CanaryOutcome } from './canary.ts';
import { EvidencePast } from './event-watch.ts';
import { shapeOf } from './look-alikes.ts';
import { pageThreshold } from './page-budget.ts';
import { faults, simulateHost, type InjectedFault } from './simulated-host.ts';

const t0 = Date.UTC(2026, 10, 24, 10);
const scope = { tenantId: 1, tenant: 'tenant-1' };

/** A batch as if its rows had come one by one, so that it shows by when something is known. */
function* tickByTick({ matrix, ...stored }: StoredSamples): Iterable<StoredSamples> {
  const { times, values, width } = matrix;
  for (let row = 0; row < times.length; row++) {
    const column = Float64Array.from({ length: width }, (_, index) => values[index * times.length + row] ?? 0);
    yield { ...stored, matrix: { times: times.slice(row, row + 1), width, values: column } };
  }
}

function watch(batches: Iterable<StoredSamples>) {
  let now = 0;
  const knownAt = new Map<string, number>();
  const newest = new Map<string, AnomalyEvent>();
  const detection = createDetection({
    onChange() {},
    onEvent(_, event) {
      if (!knownAt.has(event.id)) knownAt.set(event.id, (now - t0) / 1000);
      newest.set(event.id, event);
    },
  });
  for (const batch of batches) {
    for (const tick of tickByTick(batch)) {
      now = tick.matrix.times[0] ?? 0;
      detection.consume(tick);
    }
  }
  return { detection, events: [...newest.values()], knownAt };
}

const seconds = (time: number | undefined): number => ((time ?? Number.NaN) - t0) / 1000;

test('a host at rest has at most one event in two hours, whatever its jobs, flushes and spikes', () => {
  const hours = 2;
  const counts = [1, 2, 3].map((seed) => watch(simulateHost({ t0, seconds: hours * 3600, seed })).events.length);
  for (const count of counts) expect(count).toBeLessThanOrEqual(1);
});

const thirtySeconds = (kind: InjectedFault['kind'], atS: number): InjectedFault => ({ kind, atS, forS: 30 });

test('faults of 30 s are one event each, known within 5 s, with a series that the fault moves on top', () => {
  const injected = [
    thirtySeconds('cpu', 600),
    thirtySeconds('memory', 900),
    thirtySeconds('disk', 1200),
    thirtySeconds('network', 1500),
  ];
  const { events, knownAt } = watch(simulateHost({ t0, seconds: 1800, seed: 4, injected }));
  for (const { kind, atS, forS } of injected) {
    const found = events.filter(({ start, end = Infinity }) => seconds(start) < atS + forS && seconds(end) > atS);
    expect(found, kind).toHaveLength(1);
    const [event] = found;
    expect(seconds(event?.start), kind).toBeGreaterThanOrEqual(atS - 1);
    expect((knownAt.get(event?.id ?? '') ?? Infinity) - atS, kind).toBeLessThanOrEqual(5);
    const moved = new Set(faults[kind].map(({ metric }) => metric));
    expect(moved, kind).toContain(event?.contributors[0]?.metric);
    expect(event?.contributors.length).toBeGreaterThan(1);
    const strengths = event?.contributors.map(({ strength }) => strength) ?? [];
    expect(Math.max(...strengths)).toBeLessThanOrEqual(2 * (strengths[0] ?? 0));
    expect(seconds(event?.end), kind).toBeLessThan(atS + forS + 40);
  }
});

test('an event says what was usual, of how many series, and since when', () => {
  const { events } = watch(simulateHost({ t0, seconds: 700, seed: 4, injected: [thirtySeconds('cpu', 600)] }));
  const event = events.find(({ start }) => seconds(start) > 590);
  expect(event?.reason).toMatch(
    /^\d+ of \d+ series of quiet unlike their past, most of all \S.*, where \S+ ± \S+ was usual; since 10:10:0\d UTC$/u,
  );
  const [top] = event?.contributors ?? [];
  expect(top?.detectors).toEqual(['zscore']);
  expect(top?.low).toBeLessThan(top?.expected ?? 0);
  expect(top?.value).toBeGreaterThan(top?.high ?? Infinity);
  expect(event?.peakRatio).toBeGreaterThan(0.2);
});

test('an event goes on under its id after a restart, or ends where it was last told of', () => {
  const injected = [{ kind: 'cpu', atS: 600, forS: 300 }] as const;
  const { detection } = watch(simulateHost({ t0, seconds: 640, seed: 4, injected }));
  const [before] = detection.open(scope).events;
  if (before === undefined) throw new Error('no event');
  const again = watch(simulateHost({ t0, seconds: 650, seed: 4, injected })).detection;
  const earlier = { ...before, id: 'earlier', start: before.start - 3000 };
  expect(again.resume(scope, { anomalies: [], events: [earlier] }).events).toEqual([]);
  expect(again.open(scope).events).toMatchObject([{ start: earlier.start }]);
  const quiet = watch(simulateHost({ t0, seconds: 300, seed: 4 })).detection;
  expect(quiet.resume(scope, { anomalies: [], events: [before] }).events).toEqual([{ ...before, end: before.peakAt }]);
});

test('what was learnt goes on bit for bit after a restart', () => {
  const batches = [...simulateHost({ t0, seconds: 700, seed: 4, injected: [thirtySeconds('cpu', 600)] })];
  const [before, after] = [batches.slice(0, 30), batches.slice(30)];
  const told: AnomalyEvent[][] = [[], []];
  const begin = (index: number) => createDetection({ onChange() {}, onEvent: (_, event) => told[index]?.push(event) });
  const [first, second] = [begin(0), begin(1)];
  for (const batch of before) first.consume(batch);
  const states = [...first.checkpoints()];
  expect([...first.checkpoints()]).toEqual([]);
  for (const { scope, ...state } of states) second.restore(scope, state);
  // What is read again after a restart was seen before.
  for (const batch of before) second.consume(batch);
  for (const batch of after) {
    first.consume(batch);
    second.consume(batch);
  }
  expect(told[0]?.length).toBeGreaterThan(0);
  expect(told[1]).toEqual(told[0]);
  const [one, other] = [first, second].map((detection) => Array.from(detection.checkpoints(), ({ body }) => body));
  expect(one).toHaveLength(1);
  expect(other).toEqual(one);
});

test('a checkpoint that can not be read is learnt anew', () => {
  const detection = createDetection({ onChange() {} });
  detection.restore(scope, { hostId: 1, body: new Uint8Array(100) });
  for (const batch of simulateHost({ t0, seconds: 20, seed: 1 })) detection.consume(batch);
  expect([...detection.checkpoints()]).toHaveLength(1);
});

/** The events of a host with a CPU fault, when a tenant has said that of ones like it. */
function withFeedback(verdicts: readonly ('useful' | 'noise')[], pageSurprise = 4): readonly AnomalyEvent[] {
  const told: AnomalyEvent[] = [];
  const detection = createDetection({ onChange() {}, onEvent: (_, event) => told.push(event) });
  const shape = shapeOf(faults.cpu.map(({ metric }) => [metric, 1]));
  void detection.tune(scope, { pageSurprise, judged: verdicts.map((verdict) => ({ verdict, shape })), settings: [] });
  const batches = simulateHost({ t0, seconds: 700, seed: 4, injected: [thirtySeconds('cpu', 600)] });
  for (const batch of batches) detection.consume(batch);
  return told.filter(({ start }) => seconds(start) > 590);
}

test('what was called noise has to be rarer to be told, visibly, and taken back it is told again', () => {
  const plain = withFeedback([]);
  expect(plain.at(-1)).toMatchObject({ page: true });
  expect(plain.at(-1)?.feedbackOffset).toBeUndefined();
  const [once] = withFeedback(['noise']);
  expect(once).toMatchObject({ feedbackOffset: 1.5 });
  expect(withFeedback(['useful']).at(-1)).toMatchObject({ feedbackOffset: -0.5 });
  // As rare as this one is, more is needed to keep it quiet than to keep it from being a page.
  const surprise = plain.at(-1)?.peakSurprise ?? 0;
  const noisy = withFeedback(['noise', 'noise', 'noise', 'noise'], surprise);
  expect(noisy.every(({ page }) => page === undefined)).toBe(true);
});

test('nobody is woken for a host of which five minutes are not known yet', () => {
  const told: AnomalyEvent[] = [];
  const detection = createDetection({ onChange() {}, onEvent: (_, event) => told.push(event) });
  void detection.tune(scope, { pageSurprise: 4, judged: [], settings: [] });
  for (const batch of simulateHost({ t0, seconds: 250, seed: 4, injected: [thirtySeconds('cpu', 200)] })) {
    detection.consume(batch);
  }
  expect(told.length).toBeGreaterThan(0);
  expect(told.every(({ page }) => page === undefined)).toBe(true);
});

test('made anomalies are found the better the larger they are, and nobody is told of one', () => {
  const outcomes: CanaryOutcome[] = [];
  let told = 0;
  let state = 7;
  const detection = createDetection({
    onChange: () => void told++,
    onEvent: () => void told++,
    onCanary: (_, host, outcome) => {
      expect(host).toBe('quiet');
      outcomes.push(outcome);
    },
    random: () => randomOf((state = nextRandomState(state))),
  });
  const reference = createDetection({ onChange: () => void told--, onEvent: () => void told-- });
  let batches = 0;
  for (const batch of simulateHost({ t0, seconds: 3600, seed: 6 })) {
    detection.consume(batch);
    reference.consume(batch);
    if (++batches > 30 && batches % 5 === 0) detection.injectCanary(scope);
  }
  expect(told).toBe(0);
  expect(outcomes.length).toBeGreaterThan(40);
  const recall = (sigmas: number): number => {
    const all = outcomes.filter((outcome) => outcome.sigmas === sigmas);
    return all.filter(({ found }) => found).length / all.length;
  };
  expect(recall(12)).toBeGreaterThanOrEqual(0.7);
  expect(recall(12)).toBeGreaterThanOrEqual(recall(4));
  expect(outcomes.every(({ found, surprise }) => found === surprise > 0)).toBe(true);
});

test('the threshold of pages is as rare as the budget, and learns from events that are too many or too few', () => {
  const weekly = { pages: 1, perHostDays: 7 };
  const days = 86_400_000;
  const theory = pageThreshold(weekly, { surprises: [4], hosts: 1, observedMs: 3_600_000 }, 1000);
  expect(theory).toEqual({ surprise: Math.log10(7 * 86_400), from: 'theory' });
  // Two hosts, two weeks: four are allowed, and the fifth is too many.
  const many = pageThreshold(weekly, { surprises: [9, 8, 7, 6.5, 6, 5.9], hosts: 2, observedMs: 14 * days }, 1000);
  expect(many.from).toBe('events');
  expect(many.surprise).toBeCloseTo(6.01);
  const few = pageThreshold(weekly, { surprises: [5.4, 5.2, 5, 4.7, 4.5], hosts: 1, observedMs: 28 * days }, 1000);
  expect(few.surprise).toBeCloseTo(4.51);
  expect(pageThreshold(weekly, { surprises: [], hosts: 1, observedMs: 28 * days }, 1000).surprise).toBe(4.2);
});

test('an event of a host that falls silent ends', () => {
  const injected = [{ kind: 'cpu', atS: 600, forS: 300 }] as const;
  const { detection, events } = watch(simulateHost({ t0, seconds: 640, seed: 4, injected }));
  expect(events.at(-1)?.end).toBeUndefined();
  detection.expire(t0 + 3_600_000);
  detection.expire(t0 + 3_600_000);
  expect(detection.open(scope).events).toEqual([]);
});

test('the share of unusual series is kept by ten seconds, of a host and of those that share a label', () => {
  const labels = { role: 'db' };
  const { detection, events } = watch(
    (function* () {
      const sick = simulateHost({ t0, seconds: 640, seed: 4, injected: [{ kind: 'cpu', atS: 600, forS: 40 }], labels });
      const well = simulateHost({ t0, seconds: 640, seed: 5, labels, host: 'well', hostId: 2 });
      const others = well[Symbol.iterator]();
      for (const batch of sick) {
        yield batch;
        yield others.next().value as StoredSamples;
      }
    })(),
  );
  const rates = detection.takeRates(() => true);
  expect(rates.map(({ host }) => host)).toEqual(['quiet', 'well']);
  const valuesOf = (host: string, name: string): readonly number[] =>
    rates.find((one) => one.host === host)?.series.find(({ metric }) => metric.name === name)?.values ?? [];
  const [sick = 0, well = 0, group = 0] = [
    valuesOf('quiet', 'host_anomaly_ratio').at(-1),
    valuesOf('well', 'host_anomaly_ratio').at(-1),
    valuesOf('quiet', 'group_anomaly_ratio').at(-1),
  ];
  expect(sick).toBeGreaterThan(0.2);
  expect(well).toBeLessThan(0.1);
  expect(group).toBeGreaterThan(well);
  expect(group).toBeLessThan(sick);
  // Its events say so, too.
  expect(events.map((event) => event.labels)).toEqual(events.map(() => labels));
  expect(events).not.toEqual([]);
  const own = rates[0]?.series.find(({ metric }) => metric.name === 'host_anomaly_ratio');
  expect(own?.labels).toEqual(labels);
  expect(new Set(own?.times.map((time) => time % 10_000))).toEqual(new Set([0]));
  expect(detection.takeRates(() => true)).toEqual([]);
});

test('a fault that is not yet told does not make itself usual', () => {
  const past = new EvidencePast(200, 1);
  const before = past.surpriseOf(40);
  // Little by little, as a disk that fills its queue.
  for (let tick = 0; tick < 30; tick++) past.learn(10 + tick);
  expect(past.surpriseOf(40)).toBeGreaterThan(0.5 * before);
  const twitching = new EvidencePast(200, 1);
  for (let tick = 0; tick < 300; tick++) twitching.learn(tick % 10 === 0 ? 40 : 0);
  // What comes again and again for a moment is what the host is like.
  expect(twitching.surpriseOf(40)).toBeLessThan(2);
});
