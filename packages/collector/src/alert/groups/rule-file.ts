/** A rule file of Prometheus: its YAML to groups, with the line of whatever is wrong. */
import { isLabelName, isMetricName, TarsierError } from '@tarsier/protocol';
import { z } from 'zod';
import { typeOf } from '../../query/language/check-types.ts';
import { parseDuration } from '../../query/language/duration.ts';
import { parseQuery } from '../../query/language/parse.ts';
import { sortedEntries } from '../sorted-entries.ts';
import { templateError } from '../template/template.ts';
import type { GroupRule, RuleGroup } from './rule-group.ts';
import { YamlSource } from './yaml-source.ts';

/** Where a group says nothing. */
const defaultIntervalMs = 60_000;
const longestMs = 86_400_000;
const most = { groups: 1_000, rules: 1_000 } as const;

const duration = z.string().transform((text, context) => {
  const ms = text === '0' ? 0 : parseDuration(text);
  if (ms !== undefined && ms <= 366 * longestMs) return ms;
  context.addIssue({ code: 'custom', message: `expected a duration such as 1m30s, got ${JSON.stringify(text)}` });
  return z.NEVER;
});
const interval = duration.refine((ms) => ms >= 1_000 && ms <= longestMs, 'expected a duration from 1s to 1d');
const expression = z.string().superRefine((text, context) => {
  try {
    const type = typeOf(parseQuery(text));
    if (type === 'vector' || type === 'scalar') return;
    context.addIssue({ code: 'custom', message: `expected an instant vector or a scalar, got a ${type}` });
  } catch (error) {
    if (!(error instanceof TarsierError)) throw error;
    context.addIssue({ code: 'custom', message: error.message });
  }
});
const labels = z
  .record(z.string().refine(isLabelName, 'expected the name of a label, other than __name__'), z.string())
  .default({});
const name = z.string().min(1, 'expected a name');
const template = z.string().superRefine((text, context) => {
  const error = templateError(text);
  if (error !== undefined) context.addIssue({ code: 'custom', message: `expected a template: ${error}` });
});

const recordingRule = z.strictObject({
  record: z.string().refine(isMetricName, 'expected the name of a metric: [a-zA-Z_:][a-zA-Z0-9_:]*'),
  expr: expression,
  labels,
});
const alertingRule = z.strictObject({
  alert: name,
  expr: expression,
  for: duration.default(0),
  keep_firing_for: duration.default(0),
  labels: z
    .record(z.string().refine(isLabelName, 'expected the name of a label, other than __name__'), template)
    .default({}),
  annotations: z.record(z.string(), template).default({}),
});
const ruleGroup = z.strictObject({
  name,
  interval: interval.default(defaultIntervalMs),
  query_offset: duration.default(0),
  limit: z
    .string()
    .regex(/^\d{1,9}$/u, 'expected a number')
    .transform(Number)
    .default(0),
  labels,
  // Empty where there is nothing after the colon.
  rules: z.preprocess((value) => (value === '' ? [] : value), z.array(z.unknown()).max(most.rules).default([])),
});
const ruleFile = z.strictObject({ groups: z.array(ruleGroup).max(most.groups).default([]) });

/**
 * @param text  YAML, of which JSON is a part
 * @throws {TarsierError} `rules/file`: `line 7: groups[0].rules[1].expr: …`
 */
export function parseRuleFile(text: string): readonly RuleGroup[] {
  const yaml = new YamlSource(text, 'rules/file');
  const { groups } = yaml.read(ruleFile, yaml.value ?? {}, []);
  for (const [index, group] of groups.entries()) {
    if (groups.findIndex((other) => other.name === group.name) < index) {
      throw yaml.wrong(['groups', index, 'name'], `expected each name once, got ${JSON.stringify(group.name)} twice`);
    }
  }
  return groups.map(
    ({ name: named, interval: intervalMs, query_offset: queryOffsetMs, limit, labels: common, rules }, at) => {
      const parsed = rules.map((rule, index): GroupRule => {
        const path = ['groups', at, 'rules', index];
        const isAlert = typeof rule === 'object' && rule !== null && 'alert' in rule;
        if (!isAlert) {
          const { labels: own, ...rest } = yaml.read(recordingRule, rule, path);
          return { kind: 'record', ...rest, labels: { ...common, ...own } };
        }
        const {
          for: forMs,
          keep_firing_for: keepFiringForMs,
          labels: own,
          ...rest
        } = yaml.read(alertingRule, rule, path);
        return { kind: 'alert', ...rest, forMs, keepFiringForMs, labels: { ...common, ...own } };
      });
      return { name: named, intervalMs, queryOffsetMs, limit, rules: parsed };
    },
  );
}

/** What a rule's series have in common. */
export function identityOf(rule: GroupRule): string {
  const own = rule.kind === 'record' ? rule.record : `${rule.alert} ${rule.expr}`;
  return JSON.stringify([rule.kind, own, sortedEntries(rule.labels)]);
}
