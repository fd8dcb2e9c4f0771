/** How a tenant's rules fare, asked of any collector: one knows it, by the lease, and writes it down for the others. */
import { describeError, type UnixMs } from '@tarsier/protocol';
import type { RuleEvaluation } from '@tarsier/protocol/api';
import type { Log } from '../log.ts';
import type { Storage } from '../storage/storage.ts';
import type { TenantScope } from '../tenant.ts';
import type { Alerting } from './alerting.ts';
import type { GroupState, RuleGroups } from './groups/rule-groups.ts';

export interface RuleBoard {
  /** Of the rules that are looked at now and then, by id. */
  readonly evaluations: Readonly<Record<string, RuleEvaluation>>;
  /** Of the rule files, by file and place in it. */
  readonly groups: readonly GroupState[];
}

export interface RuleBoards {
  of(scope: TenantScope): Promise<RuleBoard>;
  /** Writes down what is known here. */
  publish(scope: TenantScope): Promise<void>;
}

export interface RuleBoardsDeps {
  readonly alerting: Pick<Alerting, 'evaluations'>;
  readonly ruleGroups: Pick<RuleGroups, 'states'>;
  readonly storage: Pick<Storage, 'ruleBoards'>;
  /** Whether it is known here. */
  readonly leads: (scope: TenantScope) => boolean;
  /** Has whoever knows it publish it. @throws when nobody does in time */
  readonly ask: (scope: TenantScope) => Promise<void>;
  readonly log: Log;
  readonly now: () => UnixMs;
}

const nothingYet: RuleBoard = { evaluations: {}, groups: [] };

export function createRuleBoards({ alerting, ruleGroups, storage, leads, ask, log, now }: RuleBoardsDeps): RuleBoards {
  const here = (scope: TenantScope): RuleBoard => ({
    evaluations: Object.fromEntries(alerting.evaluations(scope)),
    groups: ruleGroups.states(scope),
  });
  return {
    async of(scope) {
      if (leads(scope)) return here(scope);
      await ask(scope).catch((error: unknown) => {
        log.debug('how rules fare is what was last known', { tenant: scope.tenant, error: describeError(error) });
      });
      // Only `publish` writes it.
      return ((await storage.ruleBoards.find(scope)) as RuleBoard | undefined) ?? nothingYet;
    },
    publish: (scope) => storage.ruleBoards.save(scope, here(scope), now()),
  };
}
