/** What rules over values, and over silence, saw: an expression over the past. */
import type { LabRule } from '@tarsier/protocol/api';
import type { LabelledColumn } from '../../query/engine.ts';
import { metricName } from '../../query/label-set.ts';
import { formatNumber } from '../../stats/format.ts';
import { keyOf, type AlertSample } from '../groups/alert-rule-run.ts';
import { clears, crosses, describeDuration } from '../threshold.ts';
import type { Source } from './trial.ts';

type RangeRule<Kind extends LabRule['kind']> = Extract<LabRule, { kind: Kind }>;

/** A series that is gone through step by step. */
interface Cursor extends Pick<AlertSample, 'metric' | 'labels'> {
  readonly key: string;
  readonly column: LabelledColumn;
  at: number;
}

function cursorsOf(series: readonly LabelledColumn[], { severity }: LabRule): readonly Cursor[] {
  return series.map((column) => {
    const { [metricName]: metric = '', ...rest } = column.labels.toObject();
    const labels = { ...rest, severity };
    return { metric, labels, key: keyOf(labels), column, at: 0 };
  });
}

/** The value at a time, of times that are asked for in order; undefined where there is none. */
function valueAt(cursor: Cursor, time: number): number | undefined {
  const { times, values } = cursor.column;
  return times[cursor.at] === time ? (values[cursor.at++] ?? Number.NaN) : undefined;
}

export function thresholdSource(
  rule: RangeRule<'threshold'>,
  bound: number,
  series: readonly LabelledColumn[],
): Source {
  const { expr, op, clearBy } = rule;
  const clear = op.startsWith('>') ? bound - clearBy : bound + clearBy;
  const cursors = cursorsOf(series, rule);
  return (time) =>
    cursors.flatMap((cursor) => {
      const value = valueAt(cursor, time);
      if (value === undefined) return [];
      const { metric, labels } = cursor;
      return [
        {
          metric,
          labels,
          value,
          annotations: { summary: `${expr} was ${formatNumber(value)}, ${op} ${formatNumber(bound)}` },
          holds: crosses({ op, value: bound }, value),
          clears: clears({ op, value: bound, clear }, value),
        },
      ];
    });
}

/** @param keeping  what keeps an alert firing once `series` gives it no more */
export function expressionSource(
  rule: RangeRule<'expression'>,
  series: readonly LabelledColumn[],
  keeping: readonly LabelledColumn[],
): Source {
  const [firing, between] = [cursorsOf(series, rule), cursorsOf(keeping, rule)];
  const samples = (cursors: readonly Cursor[], time: number, expr: string, holds: boolean) =>
    cursors.flatMap((cursor) => {
      const value = valueAt(cursor, time);
      const { metric, labels, key } = cursor;
      const annotations = { summary: `${expr} gave ${formatNumber(value ?? 0)}` };
      return value === undefined ? [] : [{ metric, labels, key, value, annotations, holds, clears: false }];
    });
  return (time) => {
    const held = samples(firing, time, rule.expr, true);
    const keys = new Set(held.map(({ key }) => key));
    return [...held, ...samples(between, time, rule.clearExpr ?? '', false).filter(({ key }) => !keys.has(key))];
  };
}

/** Those that were there before and are not. */
export function silenceSource(rule: RangeRule<'no-data'>, series: readonly LabelledColumn[]): Source {
  const cursors = cursorsOf(series, rule);
  const known = new Set<Cursor>();
  return (time) =>
    cursors.flatMap((cursor) => {
      const isThere = valueAt(cursor, time) !== undefined;
      if (isThere) known.add(cursor);
      if (!known.has(cursor)) return [];
      const { metric, labels } = cursor;
      const annotations = { summary: `nothing came for ${describeDuration(rule.forMs)}` };
      return [{ metric, labels, value: rule.forMs / 1000, annotations, holds: !isThere, clears: isThere }];
    });
}

/** What has come within the time that is waited. */
export function presenceQuery({ selector, of, forMs }: RangeRule<'no-data'>): string {
  const present = `present_over_time(${selector}[${forMs}ms])`;
  return of === 'host' ? `max by (host) (${present})` : present;
}
