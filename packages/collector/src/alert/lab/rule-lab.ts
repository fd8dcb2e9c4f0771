/**
 * What a rule would have told: its expression over the past, step by step through the same state machine and the same
 * desk as the present, with the tenant's routes, silences and inhibitions. Nothing is stored, nobody is told.
 */
import type { Incident } from '@tarsier/protocol';
import {
  newChannelSchema,
  rulesOf,
  type Channel,
  type LabRule,
  type LabTrial,
  type RuleLabRequest,
  type RuleLabResponse,
} from '@tarsier/protocol/api';
import type { Forecaster } from '../../forecast/forecaster.ts';
import type { Engine, LabelledColumn } from '../../query/engine.ts';
import type { Storage } from '../../storage/storage.ts';
import type { TenantScope } from '../../tenant.ts';
import { eventAsAnomaly } from '../event-as-anomaly.ts';
import { compilePolicies, type Policies } from '../pipeline/policies.ts';
import { readPolicies } from '../pipeline/read-policies.ts';
import { forecastSource } from './forecast-source.ts';
import { anomalySource, compositeSource } from './found-source.ts';
import { expressionSource, presenceQuery, silenceSource, thresholdSource } from './range-source.ts';
import { tryOne, type Source } from './trial.ts';

export interface RuleLab {
  /** @throws {TarsierError} `query/…`, `forecast/…`, `rules/lab` where it can't be evaluated over that time */
  try(scope: TenantScope, request: RuleLabRequest): Promise<RuleLabResponse>;
  /**
   * The same, each bound only when it is asked for, once.
   *
   * @throws {TarsierError} as {@link RuleLab.try}
   */
  prepare(scope: TenantScope, request: RuleLabRequest): Promise<readonly PreparedTrial[]>;
  /** Values that are no samples, in place of those that the rule's expression gives. */
  prepareOver(
    scope: TenantScope,
    request: RuleLabRequest & { readonly rule: Extract<LabRule, { kind: 'threshold' }> },
    series: readonly LabelledColumn[],
  ): Promise<readonly PreparedTrial[]>;
}

export interface PreparedTrial {
  /** Undefined of a rule that has no bound. */
  readonly value: number | undefined;
  /** @param real  incidents that people had to do with */
  run(real?: readonly Incident[]): LabTrial;
}

export interface RuleLabDeps {
  readonly storage: Pick<
    Storage,
    'alertPolicies' | 'alerts' | 'anomalies' | 'anomalyEvents' | 'channels' | 'incidents'
  >;
  readonly engine: Pick<Engine, 'range'>;
  readonly forecaster: Pick<Forecaster, 'forecast'>;
}

/** Where a tenant has no channel yet: a rule may be tried before. */
const someChannel: Channel = {
  ...newChannelSchema.parse({ kind: 'webhook', name: 'anyone', url: 'http://localhost/' }),
  id: 'anyone',
};
/** Incidents that pages are compared with. */
const mostIncidents = 1_000;

export function createRuleLab({ storage, engine, forecaster }: RuleLabDeps): RuleLab {
  async function policiesOf(scope: TenantScope): Promise<Policies> {
    const { channels, ...decided } = await readPolicies(storage, scope);
    return compilePolicies({ ...decided, channels: channels.length > 0 ? channels : [someChannel] });
  }

  /** What the rule saw, for each of its bounds. */
  async function sourcesOf(scope: TenantScope, { rule, start, end, stepMs }: RuleLabRequest): Promise<Bounded[]> {
    const range = async (query: string): Promise<readonly LabelledColumn[]> => {
      const { data } = await engine.range(scope, { query, start, end, stepMs });
      return data.kind === 'matrix' ? data.series : [];
    };
    switch (rule.kind) {
      case 'threshold': {
        const series = await range(rule.expr);
        return rule.values.map((value) => ({ value, source: thresholdSource(rule, value, series) }));
      }
      case 'expression': {
        const keeping = rule.clearExpr === undefined ? [] : await range(rule.clearExpr);
        return [{ value: undefined, source: expressionSource(rule, await range(rule.expr), keeping) }];
      }
      case 'no-data':
        return [{ value: undefined, source: silenceSource(rule, await range(presenceQuery(rule))) }];
      case 'anomaly': {
        const events = await storage.anomalyEvents.list(scope, { start, end });
        const pages = events.filter(({ page }) => page === true).map(eventAsAnomaly);
        const found = [...(await storage.anomalies.list(scope, { start, end })), ...pages];
        return rule.values.map((value) => ({ value, source: anomalySource(rule, value, found) }));
      }
      case 'composite': {
        const alerts = await storage.alerts.ofRules(scope, rulesOf(rule.condition), { start, end });
        return [{ value: undefined, source: compositeSource(rule, alerts) }];
      }
      case 'forecast': {
        const bounded: Bounded[] = [];
        for (const value of rule.values) {
          const source = await forecastSource(forecaster, scope, rule, value, { start, end, stepMs });
          bounded.push({ value, source });
        }
        return bounded;
      }
    }
  }

  async function prepared(
    scope: TenantScope,
    { rule, start, end, stepMs }: RuleLabRequest,
    sources: readonly Bounded[],
  ): Promise<readonly PreparedTrial[]> {
    const policies = await policiesOf(scope);
    return sources.map((bounded) => ({
      value: bounded.value,
      run: (real = []) => tryOne({ rule, ...bounded, policies, real, start, end, stepMs }),
    }));
  }

  const prepare: RuleLab['prepare'] = async (scope, request) =>
    prepared(scope, request, await sourcesOf(scope, request));

  return {
    prepare,
    async prepareOver(scope, request, series) {
      const { rule } = request;
      const sources = rule.values.map((value) => ({ value, source: thresholdSource(rule, value, series) }));
      return prepared(scope, request, sources);
    },
    async try(scope, request) {
      const { start, end } = request;
      const trials = await prepare(scope, request);
      const real = await storage.incidents.handled(scope, { start, end, limit: mostIncidents });
      return { trials: trials.map(({ run }) => run(real)) };
    },
  };
}

interface Bounded {
  readonly value: number | undefined;
  readonly source: Source;
}
