/** A file of rule unit tests as `promtool test rules` reads it: its YAML to tests, with the line of whatever is wrong. */
import { isLabelName, type Labels, type UnixMs } from '@tarsier/protocol';
import { z } from 'zod';
import { parseDuration } from '../../query/language/duration.ts';
import { parseNumber } from '../../query/language/number.ts';
import { LabelSet } from '../../query/label-set.ts';
import { parseLabels, parseSeries, signed, type Point } from '../../query/series-notation.ts';
import { YamlSource } from '../groups/yaml-source.ts';

export interface RuleTestFile {
  /** As they are written: with `*`, and relative to the file. */
  readonly ruleFiles: readonly string[];
  readonly evaluationIntervalMs: number;
  /** Names of groups that are evaluated before others. */
  readonly groupOrder: readonly string[];
  readonly tests: readonly RuleTest[];
}

export interface RuleTest {
  readonly name: string;
  readonly line: number;
  /** Between two points of the series. */
  readonly intervalMs: number;
  /** When the series begin, and the evaluations. */
  readonly start: UnixMs;
  readonly series: readonly InputSeries[];
  readonly alerts: readonly AlertCase[];
  readonly expressions: readonly ExpressionCase[];
  /** For templates. */
  readonly externalLabels: Labels;
  readonly externalUrl: string;
}

export interface InputSeries {
  readonly labels: LabelSet;
  readonly points: readonly Exclude<Point, 'native'>[];
}

/** Which alerts of a name fire at a time: these, and no others. */
export interface AlertCase {
  readonly line: number;
  /** After the start. */
  readonly atMs: number;
  readonly alertname: string;
  readonly expected: readonly AlertTexts[];
}

/** `alertname` is among the labels. */
export interface AlertTexts {
  readonly labels: Labels;
  readonly annotations: Labels;
}

/** What an expression gives at a time: these series, and no others. */
export interface ExpressionCase {
  readonly line: number;
  readonly atMs: number;
  readonly expr: string;
  readonly expected: readonly { readonly labels: LabelSet; readonly value: number }[];
}

const minuteMs = 60_000;

const duration = parsed((text) => {
  const ms = text === '0' ? 0 : parseDuration(text);
  if (ms === undefined) throw new Error(`expected a duration such as 1m30s, got ${JSON.stringify(text)}`);
  return ms;
});
const interval = duration.refine((ms) => ms > 0, 'expected more than 0');
const value = parsed((text) => (/^\.nan$/iu.test(text) ? Number.NaN : signed(text.replace(/\.inf$/iu, 'Inf'))));
const flag = z.enum(['true', 'false']);
const texts = optional(z.record(z.string(), z.string()), {});
const start = parsed((text) => {
  const seconds = parseNumber(text);
  const ms = seconds === undefined ? Date.parse(text) : seconds * 1000;
  if (!Number.isFinite(ms)) throw new Error(`expected seconds, or a time such as 2026-11-30T00:00:00Z, got ${text}`);
  return Math.round(ms);
});

const alertCase = z.strictObject({
  eval_time: optional(duration, 0),
  alertname: z.string().min(1, 'expected the name of an alert'),
  exp_alerts: list(
    z
      .strictObject({ exp_labels: texts, exp_annotations: texts })
      .transform(({ exp_labels: labels, exp_annotations: annotations }): AlertTexts => ({ labels, annotations })),
  ),
});
const expressionCase = z.strictObject({
  // Checked when it is evaluated: one that can't be read fails its own test alone.
  expr: z.string(),
  eval_time: optional(duration, 0),
  exp_samples: list(
    z.strictObject({
      labels: optional(parsed(parseLabels), LabelSet.empty),
      value: optional(value, 0),
      histogram: z.undefined('expected none: native histograms are not supported').optional(),
    }),
  ),
});
const test = z.strictObject({
  name: optional(z.string(), ''),
  interval: optional(interval, undefined),
  start_timestamp: optional(start, 0),
  input_series: list(z.strictObject({ series: z.string(), values: z.string() })),
  alert_rule_test: list(alertCase),
  promql_expr_test: list(expressionCase),
  external_labels: optional(z.record(z.string().refine(isLabelName, 'expected the name of a label'), z.string()), {}),
  external_url: optional(z.string(), ''),
});
const testFile = z.strictObject({
  rule_files: list(z.string()),
  evaluation_interval: optional(interval, minuteMs),
  group_eval_order: list(z.string()),
  fuzzy_compare: optional(flag, 'false'),
  tests: list(test),
});

/** @throws {TarsierError} `rules/test-file`: `line 7: tests[0].alert_rule_test[1].eval_time: …` */
export function parseRuleTests(text: string): RuleTestFile {
  const yaml = new YamlSource(text, 'rules/test-file');
  const file = yaml.read(testFile, yaml.value ?? {}, []);
  for (const [index, name] of file.group_eval_order.entries()) {
    if (file.group_eval_order.indexOf(name) < index) {
      throw yaml.wrong(['group_eval_order', index], `expected each group once, got ${JSON.stringify(name)} twice`);
    }
  }
  return {
    ruleFiles: file.rule_files,
    evaluationIntervalMs: file.evaluation_interval,
    groupOrder: file.group_eval_order,
    tests: file.tests.map((given, at): RuleTest => {
      const path = ['tests', at];
      return {
        name: given.name === '' ? `test ${at + 1}` : given.name,
        line: yaml.lineOf(path),
        intervalMs: given.interval ?? file.evaluation_interval,
        start: given.start_timestamp,
        series: given.input_series.map(({ series, values }, index) => {
          try {
            return withoutNative(parseSeries(`${series} ${values}`));
          } catch (error) {
            throw yaml.wrong([...path, 'input_series', index], error instanceof Error ? error.message : String(error));
          }
        }),
        alerts: given.alert_rule_test.map(({ eval_time: atMs, alertname, exp_alerts: expected }, index) => ({
          line: yaml.lineOf([...path, 'alert_rule_test', index]),
          atMs,
          alertname,
          expected: expected.map(({ labels, annotations }) => ({ labels: { ...labels, alertname }, annotations })),
        })),
        expressions: given.promql_expr_test.map(({ eval_time: atMs, expr, exp_samples: expected }, index) => ({
          line: yaml.lineOf([...path, 'promql_expr_test', index]),
          atMs,
          expr,
          expected,
        })),
        externalLabels: given.external_labels,
        externalUrl: given.external_url,
      };
    }),
  };
}

function withoutNative({ labels, points }: ReturnType<typeof parseSeries>): InputSeries {
  return {
    labels,
    points: points.map((point) => {
      if (point === 'native') throw new Error('native histograms are not supported');
      return point;
    }),
  };
}

/** A text that a reader makes something of, whose error is the field's. */
function parsed<T>(read: (text: string) => T) {
  return z.string().transform((text, context): T => {
    try {
      return read(text);
    } catch (error) {
      context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) });
      return z.NEVER;
    }
  });
}

/** Nothing after the colon is as good as no line. */
function optional<T extends z.ZodType, D>(schema: T, absent: D) {
  return z.preprocess(
    (given) => (given === '' || given === 'null' || given === '~' ? undefined : given),
    schema.optional().transform((given): z.output<T> | D => given ?? absent),
  );
}

function list<T extends z.ZodType>(of: T) {
  return optional(z.array(of), [] as z.output<T>[]);
}
