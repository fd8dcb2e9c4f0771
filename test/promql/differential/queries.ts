/**
 * Made-up queries over the made-up samples, of every part of the language that Prometheus 2 and 3 evaluate alike. So:
 * no `atan2` of vectors (2 keeps the name), no spread over NaN (2 says 0), no rate of a gauge (2 extrapolates further
 * down), no `predict_linear` of a fixed time
 * (2 evaluates it once), no `quantile` of a φ that moves (2 may not see it move), no date of NaN (Go says 292277026596).
 */
import fc from 'fast-check';
import { baseMs, everyMs, samples } from './data.ts';

export interface Asked {
  readonly query: string;
  readonly startMs: number;
  readonly endMs: number;
  /** 0 asks once, at the start. */
  readonly stepMs: number;
}

const selectors = fc.constantFrom(
  'requests_total',
  'requests_total{code="200"}',
  'requests_total{host="a",path!="/"}',
  'requests_total{code=~"4..|5.."}',
  'requests_total{code!~"2.*",path=~"/.+"}',
  'memory_bytes',
  'memory_bytes{kind="used"}',
  'limits',
  'up',
  'up{job=~"(?i:WEB)"}',
  'temperature',
  'temperature{sensor="y"}',
  'temperature{sensor!="x"}',
  'odd',
  'odd{kind!="infinite"}',
  'latency_seconds_bucket',
  'latency_seconds_count',
  'latency_seconds_sum{host="b"}',
  'nothing',
  'nothing{host="a",code="1"}',
);
const labels = fc.constantFrom('host', 'code', 'path', 'kind', 'sensor', 'le', 'job', 'none');
const labelList = fc.uniqueArray(labels, { minLength: 0, maxLength: 3 }).map((names) => names.join(', '));
const numbers = fc.constantFrom('0', '1', '2', '0.5', '-1', '100', '4096.5', '1e6', 'NaN', 'Inf', '0.9');
const ranges = fc.constantFrom('1m', '2m', '5m', '7m13s', '20m', '31s');
/** At half a second, like all times: nothing lies on an edge. */
const moments = fc
  .integer({ min: -300, max: (samples * everyMs) / 1000 + 300 })
  .map((second) => baseMs + second * 1000 + 500);
const shifts = fc.oneof(
  { weight: 6, arbitrary: fc.constant('') },
  { weight: 1, arbitrary: fc.constantFrom(' offset 1m', ' offset 17m', ' offset -3m') },
  {
    weight: 1,
    arbitrary: fc.oneof(
      moments.map((ms) => ` @ ${(ms / 1000).toFixed(3)}`),
      fc.constantFrom(' @ start()', ' @ end() offset 2m'),
    ),
  },
);

const overTime = fc.constantFrom(
  ...'delta irate idelta changes resets deriv avg_over_time min_over_time max_over_time sum_over_time count_over_time stddev_over_time stdvar_over_time last_over_time present_over_time absent_over_time'.split(
    ' ',
  ),
);
const counters = fc.constantFrom(
  'requests_total',
  'requests_total{code=~"4..|5.."}',
  'requests_total{code!~"2.*",path=~"/.+"}',
  'latency_seconds_count',
  'latency_seconds_bucket',
);
const finite = fc.constantFrom('requests_total', 'memory_bytes', 'limits', 'up', 'temperature', 'latency_seconds_sum');
const calendar = fc.constantFrom(
  ...'minute hour day_of_week day_of_month day_of_year days_in_month month year'.split(' '),
);
const ofVector = fc.constantFrom(
  ...'abs ceil floor exp ln log2 log10 sqrt sgn sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh deg rad round timestamp sort sort_desc absent -'.split(
    ' ',
  ),
);
const aggregations = fc.constantFrom('sum', 'avg', 'min', 'max', 'count', 'group');
const arithmetic = fc.constantFrom('+', '-', '*', '/', '%', '^');
const comparisons = fc.constantFrom('==', '!=', '>', '<', '>=', '<=');
const sets = fc.constantFrom('and', 'or', 'unless');

// Among equals no version says which one it keeps.
const selectorsWithoutTies = fc.constantFrom('memory_bytes', 'temperature', 'deriv(memory_bytes[5m])');

/** A type, not an interface: only that is a record to fast-check. */
type Parts = {
  scalar: string;
  vector: string;
  /** Without a subquery inside: in a nested one the versions differ at its edge. */
  flat: string;
  matrix: string;
};

const { vector, scalar } = fc.letrec<Parts>((tie) => {
  const { scalar, vector, flat, matrix } = {
    scalar: tie('scalar'),
    vector: tie('vector'),
    flat: tie('flat'),
    matrix: tie('matrix'),
  };
  const grouping = fc.oneof(
    fc.constant(''),
    labelList.map((list) => ` by (${list}) `),
    labelList.map((list) => ` without (${list}) `),
  );
  const matching = fc.oneof(
    fc.constant(''),
    labelList.map((list) => ` on(${list})`),
    labelList.map((list) => ` ignoring(${list})`),
    fc.tuple(labelList, fc.constantFrom('left', 'right')).map(([list, side]) => ` on(${list}) group_${side}`),
    fc.constantFrom(' on(host) group_left(job)', ' ignoring(kind, code, path) group_left', ' on(host) group_right()'),
  );
  const vectorOf = (inner: typeof vector, range: typeof matrix) =>
    fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      { weight: 4, arbitrary: fc.tuple(selectors, shifts).map((parts) => parts.join('')) },
      { weight: 4, arbitrary: fc.tuple(overTime, range).map(([name, arg]) => `${name}(${arg})`) },
      { weight: 2, arbitrary: fc.tuple(ofVector, inner).map(([name, arg]) => `${name}(${arg})`) },
      { weight: 3, arbitrary: fc.tuple(aggregations, grouping, inner).map(([op, by, arg]) => `${op}${by}(${arg})`) },
      {
        weight: 1,
        arbitrary: fc
          .tuple(fc.constantFrom('topk', 'bottomk'), grouping, fc.constantFrom('1', '2', '3'), selectorsWithoutTies)
          .map(([op, by, k, arg]) => `${op}${by}(${k}, ${arg})`),
      },
      { weight: 1, arbitrary: fc.tuple(grouping, numbers, inner).map(([by, q, arg]) => `quantile${by}(${q}, ${arg})`) },
      {
        weight: 1,
        arbitrary: fc.tuple(grouping, inner).map(([by, arg]) => `count_values${by}("value", floor(${arg}))`),
      },
      {
        weight: 2,
        arbitrary: fc.tuple(inner, arithmetic, matching, inner).map(([a, op, how, b]) => `(${a}) ${op}${how} (${b})`),
      },
      {
        weight: 2,
        arbitrary: fc
          .tuple(inner, comparisons, fc.constantFrom('', ' bool'), matching, inner)
          .map(([a, op, bool, how, b]) => `(${a}) ${op}${bool}${how} (${b})`),
      },
      {
        weight: 2,
        arbitrary: fc
          .tuple(
            inner,
            sets,
            fc.oneof(
              fc.constant(''),
              labelList.map((list) => ` on(${list})`),
              labelList.map((list) => ` ignoring(${list})`),
            ),
            inner,
          )
          .map(([a, op, how, b]) => `(${a}) ${op}${how} (${b})`),
      },
      {
        weight: 2,
        arbitrary: fc
          .tuple(
            inner,
            fc.oneof(
              arithmetic,
              comparisons,
              comparisons.map((op) => `${op} bool`),
            ),
            scalar,
            fc.boolean(),
          )
          .map(([a, op, b, swap]) => (swap ? `(${b}) ${op} (${a})` : `(${a}) ${op} (${b})`)),
      },
      { weight: 1, arbitrary: scalar.map((arg) => `vector(${arg})`) },
      {
        weight: 3,
        arbitrary: fc
          .tuple(fc.constantFrom('rate', 'increase'), counters, ranges, shifts)
          .map(([name, selector, range, shift]) => `${name}(${selector}[${range}]${shift})`),
      },
      {
        weight: 1,
        arbitrary: fc.oneof(
          fc.tuple(fc.constantFrom('stddev', 'stdvar'), grouping, finite).map(([op, by, arg]) => `${op}${by}(${arg})`),
          fc.tuple(calendar, selectors).map(([name, arg]) => `${name}(timestamp(${arg}) * 77)`),
          calendar.map((name) => `${name}()`),
        ),
      },
      {
        weight: 1,
        arbitrary: fc.oneof(
          fc.tuple(inner, scalar, scalar).map(([arg, a, b]) => `clamp(${arg}, ${a}, ${b})`),
          fc
            .tuple(fc.constantFrom('clamp_min', 'clamp_max', 'round'), inner, scalar)
            .map(([name, arg, a]) => `${name}(${arg}, ${a})`),
        ),
      },
      {
        weight: 1,
        arbitrary: fc.oneof(
          fc.tuple(numbers, range).map(([q, arg]) => `quantile_over_time(${q}, ${arg})`),
          fc
            .tuple(selectors, ranges, scalar)
            .map(([arg, length, ahead]) => `predict_linear(${arg}[${length}], ${ahead})`),
          range.map((arg) => `holt_winters(${arg}, 0.3, 0.6)`),
        ),
      },
      {
        weight: 1,
        arbitrary: fc.oneof(
          fc
            .tuple(scalar, fc.constantFrom('', 'sum by (le) '))
            .map(([q, by]) => `histogram_quantile(${q}, ${by}(rate(latency_seconds_bucket[5m])))`),
          scalar.map((q) => `histogram_quantile(${q}, latency_seconds_bucket)`),
          inner.map((arg) => `histogram_quantile(0.9, ${arg})`),
        ),
      },
      {
        weight: 1,
        arbitrary: fc.oneof(
          fc
            .tuple(inner, labels, labels)
            .map(([arg, to, from]) => `label_replace(${arg}, "${to}", "x-$1$3", "${from}", "(.)(.*)")`),
          fc
            .tuple(inner, labels, labels)
            .map(([arg, to, from]) => `label_join(${arg}, "${to}", "/", "${from}", "host")`),
        ),
      },
    );
  return {
    scalar: fc.oneof(
      { depthSize: 'small' },
      { weight: 5, arbitrary: numbers },
      { weight: 1, arbitrary: fc.constantFrom('time()', 'pi()') },
      { weight: 1, arbitrary: flat.map((arg) => `scalar(${arg})`) },
      {
        weight: 1,
        arbitrary: fc
          .tuple(
            scalar,
            fc.oneof(
              arithmetic,
              comparisons.map((op) => `${op} bool`),
            ),
            scalar,
          )
          .map(([a, op, b]) => `(${a} ${op} ${b})`),
      },
    ),
    flat: vectorOf(
      flat,
      fc.tuple(selectors, ranges, shifts).map(([selector, range, shift]) => `${selector}[${range}]${shift}`),
    ),
    vector: vectorOf(vector, matrix),
    matrix: fc.oneof(
      {
        weight: 5,
        arbitrary: fc
          .tuple(selectors, ranges, shifts)
          .map(([selector, range, shift]) => `${selector}[${range}]${shift}`),
      },
      {
        weight: 2,
        arbitrary: fc
          .tuple(flat, ranges, fc.constantFrom('', '7s', '13s', '1m'), shifts)
          .map(([arg, range, step, shift]) => `(${arg})[${range}:${step}]${shift}`),
      },
    ),
  };
});

/** What is asked, and when: as instant and as range queries. */
export const asked: fc.Arbitrary<Asked> = fc
  .record({
    query: fc.oneof(
      { weight: 12, arbitrary: vector },
      { weight: 1, arbitrary: scalar },
      {
        weight: 1,
        arbitrary: fc
          .tuple(selectors, ranges, shifts)
          .map(([selector, range, shift]) => `${selector}[${range}]${shift}`),
      },
    ),
    startMs: moments,
    steps: fc.integer({ min: 0, max: 12 }),
    stepMs: fc.constantFrom(7_000, 15_000, 60_000, 61_000, 300_000),
  })
  .map(({ query, startMs, steps, stepMs }) => {
    // A range vector has no range query.
    const once = steps === 0 || /\]\S*(?: offset -?\w+| @ \S+)*$/u.test(query);
    return { query, startMs, endMs: once ? startMs : startMs + steps * stepMs, stepMs: once ? 0 : stepMs };
  });
