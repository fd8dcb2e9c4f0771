import type { CallContext, VectorFunction } from '../evaluate/call.ts';
import { butNot, anyPresent, both } from '../evaluate/operators.ts';
import { mergeSame } from '../evaluate/merge.ts';
import { newestAt } from '../evaluate/select-instant.ts';
import { timeOf } from '../evaluate/steps.ts';
import type { VectorSeries } from '../evaluate/value.ts';
import { metricName, type LabelSet } from '../label-set.ts';
import { unwrap, type Matcher } from '../language/ast.ts';
import { executionError } from '../language/query-error.ts';
import { compileMatchers } from '../selector.ts';

/** Labels by which a series finds the info series that describes it. */
const identifying: ReadonlySet<string> = new Set(['instance', 'job']);
const identifyingAndName: ReadonlySet<string> = new Set([...identifying, metricName]);
const defaultName = 'target_info';

/**
 * Adds to each series the labels of the info series (by default `target_info`) with the same `instance` and `job`. A
 * second argument says which labels, and of which info metric by its `__name__`.
 */
export const info: VectorFunction = async (context) => {
  const base = await context.vector(0);
  const asked = selectorMatchers(context);
  const nameMatchers = asked.filter(({ label }) => label === metricName);
  const dataMatchers = asked.filter(({ label }) => label !== metricName);
  const names = nameMatchers.length > 0 ? nameMatchers : [{ label: metricName, op: '=', value: defaultName } as const];
  const isInfoName = compileMatchers(names);
  const identities = new Set(base.map(({ labels }) => labels.only(identifying).key));
  const infos = await infoSeries(context, [...names, ...dataMatchers], identities);
  const byIdentity = Map.groupBy(infos, ({ labels }) => labels.only(identifying).key);
  const wanted = new Set(dataMatchers.map(({ label }) => label));
  // A series that gets none of the labels that had to have a value is left out.
  const required = dataMatchers.length > 0 && compileMatchers(dataMatchers);

  return mergeSame(
    base.flatMap((series): readonly VectorSeries[] => {
      // An info series is not described by itself.
      if (isInfoName({ name: series.labels.get(metricName), labels: {} })) return [series];
      const found = byIdentity.get(series.labels.only(identifying).key) ?? [];
      const joined = combinations(found).map(({ added, present }) => ({
        ...series,
        labels: withAdded(series.labels, added, wanted),
        present: both(series.present, present),
      }));
      const alone = { ...series, present: butNot(series.present, anyPresent(found, context.steps.count)) };
      const keepsAlone = required === false || required({ name: '', labels: {} });
      return keepsAlone ? [...joined, alone] : joined;
    }),
  );
};

function selectorMatchers({ call }: CallContext): readonly Matcher[] {
  const arg = call.args[1];
  const selector = arg === undefined ? undefined : unwrap(arg);
  return selector?.kind === 'selector' ? selector.matchers : [];
}

interface InfoSeries extends VectorSeries {
  /** When the sample of each step was taken, seconds. */
  readonly times: Float64Array;
}

/** @param identities  of the series that they may describe */
async function infoSeries(
  context: CallContext,
  matchers: readonly Matcher[],
  identities: ReadonlySet<string>,
): Promise<readonly InfoSeries[]> {
  const { steps, times } = context;
  const look = (step: number): number => timeOf(steps, step);
  const found = (await context.select(matchers)).flatMap((stored): readonly InfoSeries[] => {
    if (!identities.has(stored.labels.only(identifying).key)) return [];
    const newest = newestAt(stored, steps.count, look, times.lookBackMs, 'values');
    const taken = newestAt(stored, steps.count, look, times.lookBackMs, 'times');
    return newest === undefined || taken === undefined ? [] : [{ ...newest, times: taken.values }];
  });
  const alike = Map.groupBy(found, ({ labels }) => labels.only(identifyingAndName).key);
  return [...alike.values()].flatMap(onlyNewest);
}

/** A target that was restarted has an old info series beside the new one for a while: the newer counts. */
function onlyNewest(series: readonly InfoSeries[]): readonly InfoSeries[] {
  return series.map((one) => {
    const present = one.present.map((is, step) => {
      const time = one.times[step] ?? 0;
      for (const other of series) {
        if (is === 0 || other === one || other.present[step] === 0) continue;
        const otherTime = other.times[step] ?? 0;
        if (otherTime > time) return 0;
        if (otherTime === time) {
          throw executionError(
            `found duplicate series for info metric: existing ${String(one.labels)}, new ${String(other.labels)}`,
          );
        }
      }
      return is;
    });
    return { ...one, present };
  });
}

interface Added {
  readonly added: readonly LabelSet[];
  readonly present: Uint8Array;
}

/** Which info series are there together: of one metric at most one at a time, of different metrics any. */
function combinations(found: readonly VectorSeries[]): readonly Added[] {
  let sets: Added[] = [];
  for (const ofMetric of Map.groupBy(found, ({ labels }) => labels.get(metricName)).values()) {
    const [first] = ofMetric;
    if (first === undefined) continue;
    if (sets.length === 0) sets = ofMetric.map(({ labels, present }) => ({ added: [labels], present }));
    else {
      sets = sets.flatMap((set) => {
        const without = { ...set, present: butNot(set.present, anyPresent(ofMetric, set.present.length)) };
        return [
          without,
          ...ofMetric.map(({ labels, present }) => ({
            added: [...set.added, labels],
            present: both(set.present, present),
          })),
        ];
      });
    }
  }
  return sets;
}

function withAdded(base: LabelSet, added: readonly LabelSet[], wanted: ReadonlySet<string>): LabelSet {
  let labels = base;
  const given = new Map<string, string>();
  for (const one of added) {
    for (const [name, value] of one.entries()) {
      if (name === metricName || identifying.has(name) || (wanted.size > 0 && !wanted.has(name))) continue;
      const other = given.get(name);
      if (other !== undefined && other !== value) {
        throw executionError(
          `conflicting label: ${name} is both ${JSON.stringify(other)} and ${JSON.stringify(value)}`,
        );
      }
      given.set(name, value);
      // What the series says of itself stays.
      if (base.get(name) === '') labels = labels.with(name, value);
    }
  }
  return labels;
}
