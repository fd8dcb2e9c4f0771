/** Functions that change labels and leave values alone. */
import type { CallContext, VectorFunction } from '../evaluate/call.ts';
import { mergeSame } from '../evaluate/merge.ts';
import type { VectorSeries } from '../evaluate/value.ts';
import { executionError } from '../language/query-error.ts';
import { isName, quote } from '../language/text.ts';
import { metricName } from '../label-set.ts';
import { compilePattern, type Pattern } from '../pattern/pattern.ts';

/** Calls inside each other may make a value twice as long each time. */
const maxValueLength = 32_768;

/** A name that is set is a name again. */
function withLabel(series: VectorSeries, name: string, value: string): VectorSeries {
  if (value.length > maxValueLength) {
    throw executionError(`label ${quote(name)}: expected a value of at most ${maxValueLength} characters`);
  }
  return {
    ...series,
    labels: series.labels.with(name, value),
    dropName: name === metricName ? false : series.dropName,
  };
}

const labelReplace: VectorFunction = async (context) => {
  const [target, replacement, source, regex] = [1, 2, 3, 4].map((index) => context.string(index));
  const pattern = compileFor('label_replace', regex ?? '');
  const name = checkName(target ?? '', 'destination', 'label_replace');
  return mergeSame(
    (await context.vector(0)).map((series) => {
      const groups = pattern.groups(series.labels.get(source ?? ''));
      return groups === undefined ? series : withLabel(series, name, expand(replacement ?? '', groups, pattern));
    }),
  );
};

function compileFor(call: string, regex: string): Pattern {
  try {
    return compilePattern(regex);
  } catch (error) {
    if (error instanceof Error) throw executionError(`invalid regular expression in ${call}(): ${error.message}`);
    throw error;
  }
}

/** `$1`, `${1}`, `$name`, `${name}`; `$$` is a dollar. A group that there is not is empty. */
function expand(template: string, groups: readonly (string | undefined)[], { groupNames }: Pattern): string {
  return template.replaceAll(/\$(?:(\$)|\{(\w+)\}|(\w+))/gu, (_, dollar?: string, braced?: string, plain?: string) => {
    if (dollar !== undefined) return '$';
    const name = braced ?? plain ?? '';
    const index = /^\d+$/u.test(name) ? Number(name) : groupNames.indexOf(name);
    return groups[index] ?? '';
  });
}

const labelJoin: VectorFunction = async (context) => {
  const target = checkName(context.string(1), 'destination', 'label_join');
  const separator = context.string(2);
  const sources = sourceNames(context);
  return mergeSame(
    (await context.vector(0)).map((series) =>
      withLabel(series, target, sources.map((name) => series.labels.get(name)).join(separator)),
    ),
  );
};

function sourceNames(context: CallContext): readonly string[] {
  const names = context.call.args.slice(3).map((_, index) => context.string(index + 3));
  for (const name of names) checkName(name, 'source', 'label_join');
  return names;
}

function checkName(name: string, which: 'destination' | 'source', call: string): string {
  if (isName(name)) return name;
  throw executionError(`invalid ${which} label name in ${call}(): ${isName(name) ? name : quote(name).slice(1, -1)}`);
}

export const labelFunctions = {
  label_join: labelJoin,
  label_replace: labelReplace,
} satisfies Readonly<Record<string, VectorFunction>>;
