/** Runs the commands of a case file against the engine, and says of each evaluation what became of it. */
import { createEngine, formatValue, type LabelSet, type QueryData, type QueryResult } from '@tarsier/collector/promql';
import { parseCaseFile, type Evaluation, type Expected, type Point } from './case-file.ts';
import { CaseStore } from './case-store.ts';

export interface Outcome {
  readonly line: number;
  readonly expr: string;
  readonly result: 'passed' | 'failed' | 'skipped';
  /** Why it failed or was skipped. */
  readonly why: string;
}

/** Parts of the language that Prometheus marks as experimental, and that may change or are not evaluated. */
const experiments =
  /\b(?:anchored|smoothed|__type__|__unit__)\b|\b(?:info|fill\w*|start_timestamp)\s*\(|\[[^\]]*[-+*/%^()][^\]]*\]/u;
const scope = { tenantId: 1, tenant: 'test' };
const log = { debug() {}, info() {}, warn() {}, error() {} };
const tolerance = 1e-6;
const minuteMs = 60_000;

export async function runCases(text: string): Promise<readonly Outcome[]> {
  const store = new CaseStore();
  const outcomes: Outcome[] = [];
  for (const command of parseCaseFile(text)) {
    if (command.kind === 'clear') store.clear();
    else if (command.kind === 'load') store.load(command);
    else if (command.kind === 'unread') {
      outcomes.push({ line: command.line, expr: command.text, result: 'failed', why: command.why });
    } else outcomes.push(await runCase(command, store));
  }
  return outcomes;
}

/**
 * What needs a native histogram or an experiment can not come out right, and is skipped; it is tried all the same, for
 * some only show that native histograms are left out of a calculation.
 */
async function runCase(command: Evaluation, store: CaseStore): Promise<Outcome> {
  const { line, expr, expected } = command;
  store.takeTouched();
  const problem = await evaluate(command, store);
  const expectsNative = expected.series.some(({ points }) => points.includes('native'));
  const touched = expectsNative ? 'native histograms' : store.takeTouched();
  if (problem === undefined) return { line, expr, result: 'passed', why: '' };
  if (touched === 'native histograms') return { line, expr, result: 'skipped', why: `needs ${touched}` };
  const [experiment = touched] = experiments.exec(expr) ?? [];
  if (experiment !== undefined) {
    return { line, expr, result: 'skipped', why: `experimental in Prometheus (${experiment}): ${problem}` };
  }
  return { line, expr, result: 'failed', why: problem };
}

/** @returns what is not as expected */
async function evaluate(command: Evaluation, store: CaseStore): Promise<string | undefined> {
  const { expr, start, end, stepMs, expected } = command;
  const engine = createEngine({ reader: store.reader(), log });
  let result: QueryResult;
  try {
    result =
      stepMs === undefined
        ? await engine.instant(scope, { query: expr, time: start })
        : await engine.range(scope, { query: expr, start, end, stepMs });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (expected.fails === undefined) return `failed: ${message}`;
    return expected.fails(message) ? undefined : `failed otherwise than expected: ${message}`;
  }
  if (expected.fails !== undefined) return 'expected it to fail';
  const problem = compareAnnotations(expected, result) ?? compare(command, result.data);
  if (problem !== undefined || stepMs !== undefined) return problem;
  return asRange(command, store);
}

/** The middle of a range query is what the instant query is. */
async function asRange(command: Evaluation, store: CaseStore): Promise<string | undefined> {
  const { expr, start: time, expected } = command;
  // Some functions are of the query's own times, and ranges and texts have no range query.
  if (expected.ordered || expected.text !== undefined || expected.range !== undefined) return undefined;
  if (/\b(?:start|end|step|range|sort\w*)\s*\(/u.test(expr)) return undefined;
  const engine = createEngine({ reader: store.reader(), log });
  const { data } = await engine.range(scope, {
    query: expr,
    start: time - minuteMs,
    end: time + minuteMs,
    stepMs: minuteMs,
  });
  if (data.kind !== 'matrix') return `as a range query: expected a matrix, got ${data.kind}`;
  const samples = data.series.flatMap(({ labels, times, values }) => {
    const row = times.indexOf(time);
    return row < 0 ? [] : [{ labels, value: values[row] ?? Number.NaN }];
  });
  const middle: QueryData =
    expected.scalar === undefined
      ? { kind: 'vector', time, samples }
      : { kind: 'scalar', time, value: samples[0]?.value ?? Number.NaN };
  const problem = compare(command, middle);
  return problem === undefined ? undefined : `as a range query: ${problem}`;
}

function compareAnnotations({ annotations }: Expected, { warnings, infos }: QueryResult): string | undefined {
  for (const { kind, message } of annotations) {
    const told = kind.endsWith('warn') ? warnings : infos;
    if (kind.startsWith('no_')) {
      if (told.length > 0) return `expected ${kind}, got ${told.join('; ')}`;
    } else if (!told.some((text) => message?.(text) ?? true)) {
      return `expected another ${kind}, got ${told.length === 0 ? 'none' : told.join('; ')}`;
    }
  }
  return undefined;
}

function compare({ expected, start, stepMs }: Evaluation, data: QueryData): string | undefined {
  switch (data.kind) {
    case 'string':
      return data.text === expected.text ? undefined : `expected ${expected.text}, got the string ${data.text}`;
    case 'scalar':
      if (expected.scalar === undefined) return `expected no scalar, got ${formatValue(data.value)}`;
      return equal(expected.scalar, data.value)
        ? undefined
        : `expected ${expected.scalar}, got ${formatValue(data.value)}`;
    case 'vector':
      if (expected.scalar !== undefined) return 'expected a scalar, got a vector';
      return (
        compareSeries(
          expected,
          data.samples.map(({ labels, value }) => ({ labels, at: new Map([[start, value]]) })),
          start,
          0,
        ) ?? (expected.ordered ? compareOrder(expected, data.samples) : undefined)
      );
    case 'matrix': {
      const grid = stepMs === undefined ? expected.range : { start, stepMs };
      if (grid === undefined) return 'expected no range vector, got one';
      return compareSeries(
        expected,
        data.series.map(({ labels, times, values }) => ({
          labels,
          at: new Map(Array.from(times, (time, row) => [time, values[row] ?? Number.NaN])),
        })),
        grid.start,
        grid.stepMs,
      );
    }
  }
}

interface Got {
  readonly labels: LabelSet;
  readonly at: ReadonlyMap<number, number>;
}

function compareSeries({ series }: Expected, got: readonly Got[], start: number, stepMs: number): string | undefined {
  const byKey = new Map(got.map((one) => [one.labels.key, one]));
  if (byKey.size < got.length) return 'the same labels came twice';
  const expected = series.filter(({ points }) => points.some((point) => point !== 'none'));
  for (const { labels, points } of expected) {
    const found = byKey.get(labels.key);
    if (found === undefined) return `expected ${String(labels)}, got ${describe(got)}`;
    byKey.delete(labels.key);
    const problem = comparePoints(points, found.at, start, stepMs);
    if (problem !== undefined) return `${String(labels)}: ${problem}`;
  }
  if (byKey.size === 0) return undefined;
  return `expected ${expected.length} series, got also ${describe([...byKey.values()])}`;
}

function comparePoints(
  points: readonly Point[],
  at: ReadonlyMap<number, number>,
  start: number,
  stepMs: number,
): string | undefined {
  for (const [index, point] of points.entries()) {
    const time = start + index * stepMs;
    const value = at.get(time);
    const same = typeof point === 'number' ? value !== undefined && equal(point, value) : value === undefined;
    if (!same) return `expected ${point} at ${time} ms, got ${value === undefined ? 'none' : formatValue(value)}`;
  }
  const wanted = points.filter((point) => point !== 'none').length;
  return at.size > wanted ? `expected ${wanted} points, got ${at.size}` : undefined;
}

function compareOrder({ series }: Expected, samples: readonly { readonly labels: LabelSet }[]): string | undefined {
  const wrong = samples.findIndex(({ labels }, index) => labels.key !== series[index]?.labels.key);
  if (wrong < 0) return undefined;
  return `expected ${String(series[wrong]?.labels)} in place ${wrong + 1}, got ${String(samples[wrong]?.labels)}`;
}

/** NaN equals NaN, infinities are exact, the rest to a relative tolerance. */
function equal(a: number, b: number): boolean {
  if (Object.is(a, b) || a === b) return true;
  const size = Math.min(Math.abs(a) + Math.abs(b), Number.MAX_VALUE);
  return Math.abs(a - b) / size < tolerance;
}

function describe(series: readonly Got[]): string {
  if (series.length === 0) return 'nothing';
  return series
    .slice(0, 5)
    .map(({ labels, at }) => `${String(labels)} ${[...at.values()].slice(0, 5).map(formatValue).join(' ')}`)
    .join(', ');
}
