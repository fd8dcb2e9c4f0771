import type { CallContext, VectorFunction } from '../evaluate/call.ts';
import type { VectorSeries } from '../evaluate/value.ts';

/** A function of each value of its first argument, whatever the series: the name loses its meaning. */
export function mapped(evaluate: (value: number) => number): VectorFunction {
  return async (context) => mapValues(await context.vector(0), evaluate);
}

export function mapValues(
  series: readonly VectorSeries[],
  evaluate: (value: number, step: number) => number,
): readonly VectorSeries[] {
  return series.map((one) => ({ ...one, dropName: true, values: one.values.map(evaluate) }));
}

/** One series over a range becomes one of a vector. */
export async function eachSeries<In, Out>(
  context: Pick<CallContext, 'pause'>,
  series: readonly In[],
  evaluate: (one: In) => Out | undefined,
): Promise<readonly Out[]> {
  const results: Out[] = [];
  for (const one of series) {
    const result = evaluate(one);
    if (result !== undefined) results.push(result);
    await context.pause();
  }
  return results;
}
