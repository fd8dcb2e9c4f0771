import { TarsierError, type UnixMs } from '@tarsier/protocol';
import type { ExpressionRule } from '@tarsier/protocol/api';
import type { Engine } from '../../query/engine.ts';
import { metricName, type LabelSet } from '../../query/label-set.ts';
import { formatterOf } from '../../stats/format.ts';
import type { TenantScope } from '../../tenant.ts';
import { samplesOf } from '../groups/samples-of.ts';
import type { Look } from './periodic-watch.ts';
import type { SeenSample } from './seen.ts';

/** More alerts of one rule at once are a mistake in its expression. */
const mostSeries = 10_000;

/** What an expression gives; and while an alert fires, what keeps it firing. */
export function lookByExpression(
  engine: Pick<Engine, 'instant'>,
  scope: TenantScope,
  { expr, clearExpr }: ExpressionRule,
): Look {
  const ask = async (query: string, time: UnixMs) => samplesOf(await engine.instant(scope, { query, time }));
  return async (time, firing) => {
    const found = await ask(expr, time);
    if (found.length > mostSeries) {
      throw new TarsierError('rules/evaluation', `expr: expected at most ${mostSeries} series, got ${found.length}`);
    }
    const holding = found.map((sample) => seenOf(sample, expr, { holds: true, clears: false }));
    if (!firing || clearExpr === undefined) return holding;
    const keys = new Set(found.map(({ labels }) => withoutName(labels).key));
    const between = (await ask(clearExpr, time)).filter(({ labels }) => !keys.has(withoutName(labels).key));
    return [...holding, ...between.map((sample) => seenOf(sample, clearExpr, { holds: false, clears: false }))];
  };
}

function seenOf(
  { labels: of, value }: { readonly labels: LabelSet; readonly value: number },
  expr: string,
  verdict: Pick<SeenSample, 'holds' | 'clears'>,
): SeenSample {
  const { [metricName]: metric = '', ...labels } = of.toObject();
  return { metric, labels, value, reason: `${expr} gave ${formatterOf(metric)(value)}`, ...verdict };
}

const name = new Set([metricName]);

function withoutName(labels: LabelSet): LabelSet {
  return labels.without(name);
}
