/** Every tenant's rule groups: which there are, and when each is evaluated. */
import { describeError, type Alert, type UnixMs } from '@tarsier/protocol';
import type { Log } from '../../log.ts';
import type { Engine } from '../../query/engine.ts';
import type { RuleFile } from '../../storage/rule-files.ts';
import type { Storage } from '../../storage/storage.ts';
import type { TenantScope } from '../../tenant.ts';
import { GroupRun, type RecordSamples, type RuleState } from './group-run.ts';
import { parseRuleFile } from './rule-file.ts';
import { slotAt, type RuleGroup } from './rule-group.ts';
import { Turns } from '../turns.ts';

export interface RuleGroups {
  /** Takes what is stored: at the start, after a change, and now and then, since other collectors change it too. */
  reload(): Promise<void>;
  /** Begins the evaluations that are due; they go on by themselves. */
  tick(now: UnixMs): void;
  /** Whether a rule of that id is among them. */
  has(scope: TenantScope, ruleId: string): boolean;
  /** What became of a tenant's groups, by file and place in it. */
  states(scope: TenantScope): readonly GroupState[];
  /** Begins nothing more; resolves when all evaluations have ended. */
  close(): Promise<void>;
}

export interface GroupState {
  readonly file: string;
  readonly group: RuleGroup;
  readonly rules: readonly RuleState[];
  /** 0: never. */
  readonly evaluatedAt: UnixMs;
  readonly evaluationMs: number;
  readonly missed: number;
  /** When it last left one out; 0: never. */
  readonly missedAt: UnixMs;
}

/** What is told of evaluations, for the collector's own metrics. */
export interface RuleObserver {
  evaluated(ms: number, failed: boolean): void;
  missed(evaluations: number): void;
}

export interface RuleGroupsDeps {
  readonly storage: Pick<Storage, 'ruleFiles' | 'alerts'>;
  /** Whose groups are evaluated here; everybody's unless given. */
  readonly holds?: (scope: TenantScope) => boolean;
  readonly engine: Pick<Engine, 'instant'>;
  readonly record: RecordSamples;
  /** Where alerts of rules go. */
  readonly alerts: {
    save(scope: TenantScope, alert: Alert): void;
    forget(scope: TenantScope, alertId: string): void;
  };
  /** Where people open the page. */
  readonly pageUrl: string | undefined;
  readonly observer: RuleObserver;
  readonly log: Log;
  readonly now: () => UnixMs;
}

interface Scheduled {
  readonly key: string;
  readonly file: string;
  readonly run: GroupRun;
  /** The last time that it was due. */
  slot: UnixMs;
  running: boolean;
  /** When it was last logged that evaluations were left out. */
  saidLateAt: UnixMs;
}

const saidEveryMs = 60_000;

/** Groups evaluated at once that keep their interval, and as many that do not. */
const mostAtOnce = 4;

export function createRuleGroups(deps: RuleGroupsDeps): RuleGroups {
  const { storage, holds = () => true, engine, record, alerts, pageUrl = '', observer, log, now } = deps;
  let scheduled = new Map<string, Scheduled>();
  /** By tenant and file, what it was when it was read. */
  let files = new Map<string, UnixMs>();
  const evaluations = new Set<Promise<void>>();
  const turns = new Turns(mostAtOnce);
  let reloading = Promise.resolve();
  let closed = false;

  function startRun(scope: TenantScope, file: string, group: RuleGroup): GroupRun {
    return new GroupRun(scope, file, group, {
      engine,
      record,
      alerts: { changed: (alert) => alerts.save(scope, alert), forgotten: (id) => alerts.forget(scope, id) },
      pageUrl,
      now,
      onEvaluated(rule, ms, error) {
        observer.evaluated(ms, error !== undefined);
        if (error === undefined) return;
        const name = rule.kind === 'record' ? rule.record : rule.alert;
        log.warn('a rule could not be evaluated', {
          tenant: scope.tenant,
          group: group.name,
          rule: name,
          error: describeError(error),
        });
      },
    });
  }

  function groupsOf(scope: TenantScope, { name, body }: RuleFile): readonly RuleGroup[] {
    try {
      return parseRuleFile(body);
    } catch (error) {
      log.error('a stored rule file can not be read', {
        tenant: scope.tenant,
        file: name,
        error: describeError(error),
      });
      return [];
    }
  }

  async function load(): Promise<void> {
    /** Alerts that were open when a collector stopped, read once by tenant. */
    const open = new Map<number, Promise<readonly Alert[]>>();
    const openAlerts = (scope: TenantScope): Promise<readonly Alert[]> => {
      const reading = open.get(scope.tenantId) ?? storage.alerts.open(scope);
      open.set(scope.tenantId, reading);
      return reading;
    };
    const stored = (await storage.ruleFiles.all()).filter(({ scope }) => holds(scope));
    const versions = new Map(stored.map(({ scope, name, updatedAt }) => [`${scope.tenantId}/${name}`, updatedAt]));
    const same = versions.size === files.size && [...versions].every(([key, version]) => files.get(key) === version);
    if (same) return;
    const next = new Map<string, Scheduled>();
    for (const { scope, ...file } of stored) {
      for (const group of groupsOf(scope, file)) {
        const key = JSON.stringify([scope.tenantId, file.name, group.name]);
        const before = scheduled.get(key);
        if (before !== undefined && JSON.stringify(before.run.group) === JSON.stringify(group)) {
          next.set(key, before);
          continue;
        }
        const run = startRun(scope, file.name, group);
        if (before === undefined) run.restore(await openAlerts(scope));
        else run.resume(before.run);
        next.set(key, {
          key,
          file: file.name,
          run,
          slot: slotAt(key, group.intervalMs, now()),
          running: false,
          saidLateAt: 0,
        });
      }
    }
    const before = scheduled;
    [scheduled, files] = [next, versions];
    for (const { key, run } of before.values()) {
      // What another goes on with has not ended.
      if (next.get(key)?.run === run || !holds(run.scope)) continue;
      await run.retire(next.get(key)?.run, now()).catch((error: unknown) => {
        log.warn('series of a rule that is gone could not be ended', { error: describeError(error) });
      });
    }
  }

  function sayLate(one: Scheduled, missed: number, at: UnixMs): void {
    if (Math.abs(at - one.saidLateAt) < saidEveryMs) return;
    one.saidLateAt = at;
    const { scope, group } = one.run;
    log.warn('a rule group can not keep its cadence', {
      tenant: scope.tenant,
      group: group.name,
      intervalMs: group.intervalMs,
      evaluationMs: one.run.evaluationMs,
      missed,
    });
  }

  async function evaluate(one: Scheduled): Promise<void> {
    one.running = true;
    try {
      await one.run.evaluate(one.slot);
    } catch (error) {
      log.error('a rule group could not be evaluated', { group: one.run.group.name, error: describeError(error) });
    } finally {
      one.running = false;
    }
  }

  return {
    reload() {
      // One after the other: the later has read what is newer.
      reloading = reloading.catch(() => {}).then(load);
      return reloading;
    },

    tick(at) {
      if (closed) return;
      // Those first that wait the longest: no group starves another.
      for (const one of [...scheduled.values()].toSorted((a, b) => a.slot - b.slot)) {
        const { intervalMs } = one.run.group;
        const due = slotAt(one.key, intervalMs, at);
        // A clock that was put back must not make it wait for the time that it showed.
        if (due < one.slot) one.slot = due - intervalMs;
        if (due <= one.slot || one.running) continue;
        const turn = turns.take({ began: at, intervalMs, isSlow: one.run.evaluationMs > intervalMs });
        if (turn === undefined) continue;
        const missed = Math.round((due - one.slot) / intervalMs) - 1;
        if (missed > 0) {
          one.run.missed += missed;
          one.run.missedAt = due;
          observer.missed(missed);
          sayLate(one, missed, at);
        }
        one.slot = due;
        const evaluation = evaluate(one).finally(() => {
          turns.giveBack(turn);
          evaluations.delete(evaluation);
        });
        evaluations.add(evaluation);
      }
    },

    has: ({ tenantId }, ruleId) =>
      [...scheduled.values()].some(({ run }) => run.scope.tenantId === tenantId && run.has(ruleId)),

    states: ({ tenantId }) =>
      [...scheduled.values()]
        .filter(({ run }) => run.scope.tenantId === tenantId)
        .map(({ file, run }) => ({
          file,
          group: run.group,
          rules: run.states,
          evaluatedAt: run.evaluatedAt,
          evaluationMs: run.evaluationMs,
          missed: run.missed,
          missedAt: run.missedAt,
        })),

    async close() {
      closed = true;
      await reloading.catch(() => {});
      await Promise.all(evaluations);
    },
  };
}
