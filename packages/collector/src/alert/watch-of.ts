import { describeError } from '@tarsier/protocol';
import type { Rule } from '@tarsier/protocol/api';
import type { Forecaster } from '../forecast/forecaster.ts';
import type { Log } from '../log.ts';
import type { Engine } from '../query/engine.ts';
import { parseSelector } from '../query/language/parse.ts';
import { compileMatchers } from '../query/selector.ts';
import type { TenantScope } from '../tenant.ts';
import type { Matches } from './alert-series.ts';
import { CompositeWatch } from './composite-watch.ts';
import type { FiringAlerts } from './firing-alerts.ts';
import type { RuleObserver } from './groups/rule-groups.ts';
import { NoDataWatch } from './no-data-watch.ts';
import { lookByExpression } from './periodic/expression-look.ts';
import { lookAhead } from './periodic/forecast-look.ts';
import { PeriodicWatch, type PeriodicDeps } from './periodic/periodic-watch.ts';
import type { Turns } from './turns.ts';
import { RuleWatch } from './rule-watch.ts';
import type { RuleOutcome, Watch } from './watch.ts';

export interface WatchDeps {
  readonly engine: Pick<Engine, 'instant'>;
  readonly forecaster: Pick<Forecaster, 'forecast'>;
  readonly observer: RuleObserver;
  readonly turns: Turns;
  /** Where people open the page: what runbooks of the collector's own are below. */
  readonly pageUrl: string | undefined;
  readonly log: Log;
  readonly now: () => number;
}

/** A tenant, where its alerts go, and which of them fire. */
export interface WatchedTenant {
  readonly scope: TenantScope;
  readonly outcome: RuleOutcome;
  readonly firing: FiringAlerts;
}

/** Puts a rule to work. */
export function watchOf(rule: Rule, { scope, outcome, firing }: WatchedTenant, deps: WatchDeps): Watch {
  switch (rule.kind) {
    case 'threshold':
    case 'anomaly':
      return new RuleWatch(rule, matcherOf(rule, deps.log), outcome);
    case 'no-data':
      return new NoDataWatch(rule, matcherOf(rule, deps.log), outcome);
    case 'composite':
      return new CompositeWatch(rule, firing, outcome);
    case 'expression':
      return new PeriodicWatch(
        rule,
        outcome,
        periodicDeps(rule, lookByExpression(deps.engine, scope, rule), scope, deps),
      );
    case 'forecast':
      return new PeriodicWatch(rule, outcome, periodicDeps(rule, lookAhead(deps.forecaster, scope, rule), scope, deps));
  }
}

/** Alerts are read in mails and chats, where a path leads nowhere. */
export function withRunbookAddress(rule: Rule, pageUrl: string | undefined): Rule {
  const { runbookUrl } = rule;
  if (runbookUrl === undefined || !runbookUrl.startsWith('/') || pageUrl === undefined) return rule;
  return { ...rule, runbookUrl: new URL(runbookUrl, pageUrl).href };
}

function periodicDeps(
  { name }: Rule,
  look: PeriodicDeps['look'],
  { tenant }: TenantScope,
  { observer, turns, log, now }: WatchDeps,
): PeriodicDeps {
  return {
    look,
    turns,
    now,
    onEvaluated(ms, error) {
      observer.evaluated(ms, error !== undefined);
      if (error === undefined) return;
      log.warn('a rule could not be evaluated', { tenant, rule: name, error: describeError(error) });
    },
    onMissed(evaluations) {
      observer.missed(evaluations);
      log.warn('a rule can not keep its cadence', { tenant, rule: name, missed: evaluations });
    },
  };
}

function matcherOf({ name, selector }: { readonly name: string; readonly selector: string }, log: Log): Matches {
  try {
    return compileMatchers(parseSelector(selector));
  } catch (error) {
    log.error('a stored rule can not be evaluated', { rule: name, error: describeError(error) });
    return () => false;
  }
}
