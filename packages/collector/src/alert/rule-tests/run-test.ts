/** Runs one rule unit test: its series, the rules over them, and what is not as the test says. Knows no files. */
import { describeError, type UnixMs } from '@tarsier/protocol';
import { silentLog } from '../../log.ts';
import { createEngine, type Engine } from '../../query/engine.ts';
import type { TenantScope } from '../../tenant.ts';
import { GroupRun } from '../groups/group-run.ts';
import { samplesOf } from '../groups/samples-of.ts';
import type { RuleGroup } from '../groups/rule-group.ts';
import { compareAlerts, compareSamples, formatAt, type Found } from './compare.ts';
import type { AlertCase, ExpressionCase, RuleTest } from './test-file.ts';
import { TestSamples } from './test-samples.ts';

/** Something that a test expects and that did not come so. */
export interface Problem {
  /** In the test file. */
  readonly line: number;
  readonly what: string;
  /** How it differs, a line each, indented by two more where it belongs to the one before. */
  readonly details: readonly string[];
}

export interface RuleSet {
  readonly file: string;
  readonly group: RuleGroup;
}

const scope: TenantScope = { tenantId: 1, tenant: 'test' };

/** @param rules  in the order of their evaluation; each at every interval, whatever its group says: as promtool does */
export async function runRuleTest(
  test: RuleTest,
  rules: readonly RuleSet[],
  evaluationIntervalMs: number,
): Promise<readonly Problem[]> {
  const samples = new TestSamples(test);
  const engine = createEngine({ reader: samples, log: silentLog, subqueryStepMs: evaluationIntervalMs });
  const failures: string[] = [];
  const runs = rules.map(
    ({ file, group }) =>
      new GroupRun(scope, file, group, {
        engine,
        record: async (_, series, values, time) => samples.record(series, values, time),
        alerts: { changed() {}, forgotten() {} },
        pageUrl: test.externalUrl,
        externalLabels: test.externalLabels,
        now: Date.now,
        onEvaluated(rule, _, error) {
          if (error !== undefined)
            failures.push(`${rule.kind === 'record' ? rule.record : rule.alert}: ${describeError(error)}`);
        },
      }),
  );
  const lastMs = Math.max(0, ...[...test.alerts, ...test.expressions].map(({ atMs }) => atMs));
  const problems: Problem[] = [];
  for (let atMs = 0; atMs <= lastMs; atMs += evaluationIntervalMs) {
    samples.advance(test.start + atMs);
    for (const run of runs) await run.evaluate(test.start + atMs);
    if (failures.length > 0) {
      const what = `rules could not be evaluated at ${formatAt(atMs)}`;
      return [...problems, { line: test.line, what, details: failures }];
    }
    const due = test.alerts.filter((one) => atMs <= one.atMs && one.atMs < atMs + evaluationIntervalMs);
    for (const one of due) problems.push(...alertProblem(one, runs, test.start));
  }
  for (const one of test.expressions) problems.push(...(await expressionProblem(one, engine, test.start)));
  return problems.toSorted((a, b) => a.line - b.line);
}

function alertProblem(
  { line, atMs, alertname, expected }: AlertCase,
  runs: readonly GroupRun[],
  start: UnixMs,
): Problem[] {
  const found = runs
    .flatMap(({ states }) => states)
    .filter(({ rule }) => rule.kind === 'alert' && rule.alert === alertname)
    .flatMap(({ rule, alerts }) =>
      alerts.map(({ labels, annotations = {}, state }): Found => ({
        labels: { ...labels, alertname },
        annotations,
        pendingSinceMs: state.kind === 'pending' ? state.since - start : undefined,
        forMs: rule.kind === 'alert' ? rule.forMs : 0,
      })),
    );
  const details = compareAlerts(expected, found);
  return details.length === 0 ? [] : [{ line, what: `alert ${alertname} at ${formatAt(atMs)}`, details }];
}

async function expressionProblem(
  { line, atMs, expr, expected }: ExpressionCase,
  engine: Pick<Engine, 'instant'>,
  start: UnixMs,
): Promise<Problem[]> {
  const what = `${expr.trim()} at ${formatAt(atMs)}`;
  try {
    const found = samplesOf(await engine.instant(scope, { query: expr, time: start + atMs }));
    const details = compareSamples(expected, found);
    return details.length === 0 ? [] : [{ line, what, details }];
  } catch (error) {
    return [{ line, what, details: [`could not be evaluated: ${describeError(error)}`] }];
  }
}
