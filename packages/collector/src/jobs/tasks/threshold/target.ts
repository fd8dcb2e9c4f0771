/** Whose threshold is tuned, and how it is replayed. */
import { TarsierError, type UnixMs } from '@tarsier/protocol';
import type { LabRule, Rule, TunedTarget } from '@tarsier/protocol/api';
import type { PreparedTrial, RuleLab } from '../../../alert/lab/rule-lab.ts';
import type { JobContext } from '../../job-type.ts';
import { seriesOver } from '../ask-engine.ts';
import { readSurprises, within } from './surprises.ts';

export interface ReplayRange {
  readonly start: UnixMs;
  readonly end: UnixMs;
  readonly stepMs: number;
}

export interface Tuned {
  readonly target: TunedTarget;
  readonly present: number;
  /** How long the condition has to hold. */
  readonly forMs: number;
  /** Rules whose incidents are its own. */
  readonly ruleIds: readonly string[];
  /** Values that are nearest to an alarm, or beyond it. */
  worst(range: ReplayRange): Promise<readonly number[]>;
  prepare(values: readonly number[], range: ReplayRange): Promise<readonly PreparedTrial[]>;
}

type Wanted = { readonly rule?: string | undefined; readonly setting?: string | undefined };

/** A rate is over so long. */
const rateOver = '1m';
/** Points of the past from which thresholds to try are taken. */
const mostPoints = 5_000;
/** A detector's anomaly is over below this: `detect/chosen/raised.ts`. */
const calmSurprise = 1.5;

/**
 * @param whole  all of the past that is looked at
 * @throws {TarsierError} `jobs/payload` where there is no such rule, or none with a threshold
 */
export async function findTuned(wanted: Wanted, lab: RuleLab, context: JobContext, whole: ReplayRange): Promise<Tuned> {
  if (wanted.setting !== undefined) return tunedDetector(wanted.setting, lab, context, whole);
  const rules = await context.storage.rules.list(context.scope);
  const named = rules.filter(({ id, name }) => id === wanted.rule || name === wanted.rule);
  const [rule] = named;
  if (rule === undefined) throw refused('rule', `there is no rule ${JSON.stringify(wanted.rule)}`);
  if (named.length > 1) throw refused('rule', `${named.length} rules are named ${rule.name}; name one by its id`);
  return tunedRule(rule, lab, context);
}

function tunedRule(rule: Rule, lab: RuleLab, context: JobContext): Tuned {
  const { scope, storage } = context;
  const { id, name, severity, forMs } = rule;
  const common = { name, severity, forMs };
  const target = { kind: 'rule', id, name, severity } as const;
  const prepareAs = (made: (values: number[]) => LabRule): Tuned['prepare'] => {
    return (values, range) => lab.prepare(scope, { rule: made([...values]), ...range });
  };
  switch (rule.kind) {
    case 'threshold': {
      const { op, value, clear = value, keepFiringMs } = rule;
      const expr = rule.reduce === 'rate' ? `rate(${rule.selector}[${rateOver}])` : rule.selector;
      const worst = `${op.startsWith('>') ? 'max' : 'min'}(${expr})`;
      return {
        target: { ...target, ruleKind: 'threshold', field: 'value', op },
        present: value,
        forMs,
        ruleIds: [id],
        async worst({ start, end, stepMs }) {
          const coarse = Math.max(stepMs, Math.ceil((end - start) / mostPoints));
          const series = await seriesOver(context, { query: worst, start, end, stepMs: coarse });
          return series.flatMap(({ values }) => Array.from(values));
        },
        prepare: prepareAs((values) => ({
          kind: 'threshold',
          ...common,
          keepFiringMs,
          expr,
          op,
          values,
          clearBy: Math.abs(value - clear),
        })),
      };
    }
    case 'anomaly': {
      const { selector, detector, minScore } = rule;
      return {
        target: { ...target, ruleKind: 'anomaly', field: 'minScore', op: '>=' },
        present: minScore,
        forMs,
        ruleIds: [id],
        async worst({ start, end }) {
          const events = await storage.anomalyEvents.list(scope, { start, end });
          const found = await storage.anomalies.list(scope, { start, end });
          const own = found.filter((anomaly) => detector === undefined || anomaly.detector === detector);
          return [...own.map(({ peakScore }) => peakScore), ...events.map(({ peakSurprise }) => peakSurprise)];
        },
        prepare: prepareAs((values) => ({
          kind: 'anomaly',
          ...common,
          keepFiringMs: 0,
          selector,
          ...(detector === undefined ? {} : { detector }),
          values,
        })),
      };
    }
    default:
      throw refused('rule', `expected a rule of kind threshold or anomaly, ${name} is of kind ${rule.kind}`);
  }
}

/** A detection setting: its detectors over the past, as rules over anomalies would have told of what they find. */
async function tunedDetector(id: string, lab: RuleLab, context: JobContext, whole: ReplayRange): Promise<Tuned> {
  const { storage, scope } = context;
  const setting = (await storage.detectionTuning.settings(scope)).find((one) => one.id === id);
  if (setting === undefined) throw refused('setting', `there is no detection setting ${id}`);
  const { selector, detectors, surprise } = setting;
  /** Of all of the past at once: what a detector says depends on all that it has seen. */
  let surprises: ReturnType<typeof readSurprises> | undefined;
  const rules = (await storage.rules.list(scope)).filter(
    (rule) => rule.kind === 'anomaly' && (rule.detector === undefined || detectors.includes(rule.detector)),
  );
  const rule = {
    kind: 'threshold',
    name: 'Anomaly',
    severity: 'warning',
    forMs: 0,
    keepFiringMs: 0,
    expr: selector,
    op: '>=',
  } as const;
  return {
    target: { kind: 'detector', id, name: selector, detectors: [...detectors], field: 'surprise', op: '>=' },
    present: surprise,
    forMs: 0,
    ruleIds: rules.map((one) => one.id),
    async worst() {
      surprises ??= readSurprises(context, setting, whole);
      return (await surprises).flatMap(({ values }) => Array.from(values)).filter((value) => value >= 1);
    },
    async prepare(values, range) {
      surprises ??= readSurprises(context, setting, whole);
      const series = within(await surprises, range);
      const prepared = await Promise.all(
        values.map((value) =>
          lab.prepareOver(
            scope,
            { rule: { ...rule, values: [value], clearBy: Math.max(0, value - calmSurprise) }, ...range },
            series,
          ),
        ),
      );
      return prepared.flat();
    },
  };
}

function refused(field: string, message: string): TarsierError {
  return new TarsierError('jobs/payload', `payload.${field}: ${message}`, { field: `payload.${field}` });
}
