import { formatUsd, parseUsd } from '@tarsier/protocol/money';

/** What jobs of a type took and cost on a day. */
export interface DaySpending {
  readonly type: string;
  readonly runs: number;
  readonly meteredMs: number;
  /** USD, as decimal text. */
  readonly cost: string;
  /** What was taken over what was expected. */
  readonly accuracy: number | null;
}

export interface TypeSpending {
  readonly type: string;
  readonly runs: number;
  readonly meteredMs: number;
  readonly cost: string;
  /** Over all days with one, weighed by their runs. */
  readonly accuracy: number | undefined;
}

/** All days together, the dearest type first. Sums are exact. */
export function byType(usage: readonly DaySpending[]): readonly TypeSpending[] {
  const sums = Array.from(
    Map.groupBy(usage, ({ type }) => type),
    ([type, days]) => {
      const nanos = days.reduce((sum, { cost }) => sum + (parseUsd(cost) ?? 0), 0);
      const judged = days.filter(({ accuracy }) => accuracy !== null);
      const judgedRuns = judged.reduce((sum, { runs }) => sum + runs, 0);
      const weighed = judged.reduce((sum, { accuracy, runs }) => sum + (accuracy ?? 0) * runs, 0);
      return {
        type,
        runs: days.reduce((sum, { runs }) => sum + runs, 0),
        meteredMs: days.reduce((sum, day) => sum + day.meteredMs, 0),
        nanos,
        accuracy: judgedRuns === 0 ? undefined : weighed / judgedRuns,
      };
    },
  );
  return sums.toSorted((a, b) => b.nanos - a.nanos).map(({ nanos, ...sum }) => ({ ...sum, cost: formatUsd(nanos) }));
}
