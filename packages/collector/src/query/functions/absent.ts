import type { CallContext, VectorFunction } from '../evaluate/call.ts';
import { anyPresent } from '../evaluate/operators.ts';
import { hasSamples, repeated, type VectorSeries } from '../evaluate/value.ts';
import { eachWindow } from '../evaluate/windows.ts';
import { LabelSet, metricName } from '../label-set.ts';
import { unwrap } from '../language/ast.ts';

/** 1 at the steps where nothing is, with the labels that what is missing would have had. */
function oneWhereNot(context: CallContext, taken: Uint8Array): readonly VectorSeries[] {
  const missing: VectorSeries = {
    labels: expectedLabels(context),
    dropName: false,
    values: repeated(1, taken.length),
    present: taken.map((is) => 1 - is),
  };
  return [missing].filter(hasSamples);
}

const absent: VectorFunction = async (context) =>
  oneWhereNot(context, anyPresent(await context.vector(0), context.steps.count));

const absentOverTime: VectorFunction = async (context) => {
  const range = await context.matrix(0);
  const taken = new Uint8Array(context.steps.count);
  for (const series of range.series) {
    eachWindow(series, range, context.steps.count, ({ step }) => {
      taken[step] = 1;
    });
    await context.pause();
  }
  return oneWhereNot(context, taken);
};

/** Those that a selector asks for by name, each once and with `=`. */
function expectedLabels({ call }: CallContext): LabelSet {
  const [arg] = call.args;
  const inner = arg === undefined ? undefined : unwrap(arg);
  const selector = inner?.kind === 'matrix' ? inner.selector : inner;
  if (selector?.kind !== 'selector') return LabelSet.empty;
  const byLabel = Map.groupBy(selector.matchers, ({ label }) => label);
  byLabel.delete(metricName);
  return LabelSet.of(
    [...byLabel.values()].flatMap(([first, ...others]) =>
      first?.op === '=' && others.length === 0 ? [[first.label, first.value] as const] : [],
    ),
  );
}

export const absentFunctions = {
  absent,
  absent_over_time: absentOverTime,
} satisfies Readonly<Record<string, VectorFunction>>;
