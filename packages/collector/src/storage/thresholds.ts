/** Thresholds that were proposed, and what nobody was told of. */
import { randomUUID } from 'node:crypto';
import { TarsierError, type Incident, type UnixMs } from '@tarsier/protocol';
import {
  detectionSettingSchema,
  isCrossedLess,
  newRuleSchema,
  type MissedIncident,
  type NewMissedIncident,
  type ThresholdProposal,
  type ThresholdProposalsFilter,
} from '@tarsier/protocol/api';
import type { TenantScope } from '../tenant.ts';
import { decodeCursor, pageOf, type Page } from './cursor.ts';
import type { Database, TarsierTransaction } from './database.ts';
import { storableJson } from './jobs/storable-json.ts';

export type NewProposal = Omit<ThresholdProposal, 'state' | 'createdAt' | 'changedAt' | 'changedBy'>;

export interface ToldIncident {
  readonly incident: Incident;
  readonly from: UnixMs;
  readonly to: UnixMs;
}

export interface Thresholds {
  /** Again with the same id: answers the one that is there. */
  propose(scope: TenantScope, proposal: NewProposal, by: string): Promise<ThresholdProposal>;
  /** Newest first. */
  list(scope: TenantScope, filter: ThresholdProposalsFilter): Promise<Page<ThresholdProposal>>;
  find(scope: TenantScope, id: string): Promise<ThresholdProposal | undefined>;
  /**
   * Puts the threshold in place, or the one that was there before. Whoever evaluates it has to be told.
   *
   * @returns undefined when there is no such proposal
   * @throws {TarsierError} `thresholds/state`, `thresholds/changed`, `thresholds/guard-rail`
   */
  apply(scope: TenantScope, id: string, by: string): Promise<ThresholdProposal | undefined>;
  rollBack(scope: TenantScope, id: string, by: string): Promise<ThresholdProposal | undefined>;
  /** What is in place now; undefined where its rule or setting is gone. */
  current(scope: TenantScope, target: ThresholdProposal['target']): Promise<number | undefined>;
  reportMissed(scope: TenantScope, missed: NewMissedIncident, by: string): Promise<MissedIncident>;
  /** Newest first. */
  missed(
    scope: TenantScope,
    filter: { readonly limit: number; readonly cursor?: string },
  ): Promise<Page<MissedIncident>>;
  missedOf(
    scope: TenantScope,
    ruleId: string,
    range: { readonly start: UnixMs; readonly end: UnixMs },
  ): Promise<readonly MissedIncident[]>;
  /** Incidents that alerts of these rules are in, and from when to when those were. Oldest first. */
  toldOf(
    scope: TenantScope,
    ruleIds: readonly string[],
    range: { readonly start: UnixMs; readonly end: UnixMs },
  ): Promise<readonly ToldIncident[]>;
  /** @returns whether there was one */
  deleteMissed(scope: TenantScope, id: string): Promise<boolean>;
}

interface Body<T> {
  readonly body: T;
}

const bodyOf = <T>({ body }: Body<T>): T => body;

const mostOfRule = 10_000;

export function createThresholds({ run, begin }: Database, now: () => UnixMs): Thresholds {
  /** One that nobody else changes meanwhile. */
  async function held(
    tx: TarsierTransaction,
    { tenantId }: TenantScope,
    id: string,
  ): Promise<ThresholdProposal | undefined> {
    const [row] = await tx<Body<ThresholdProposal>[]>`
      select body from threshold_proposal where tenant_id = ${tenantId} and id = ${id} for update`;
    return row?.body;
  }

  async function put(tx: TarsierTransaction, { tenantId }: TenantScope, proposal: ThresholdProposal): Promise<void> {
    await tx`
      update threshold_proposal set state = ${proposal.state}, body = ${storableJson(proposal)}::text::jsonb
      where tenant_id = ${tenantId} and id = ${proposal.id}`;
  }

  /** Between two values of what is watched by: only from the first, never over what somebody changed meanwhile. */
  async function move(
    tx: TarsierTransaction,
    { tenantId }: TenantScope,
    target: ThresholdProposal['target'],
    from: number,
    to: number,
  ): Promise<void> {
    const table = target.kind === 'rule' ? 'rule' : 'detection_settings';
    const [row] = await tx<Body<unknown>[]>`
      select body from ${tx(table)} where tenant_id = ${tenantId} and id = ${target.id} for update`;
    const moved = row === undefined ? undefined : movedFrom(target, row.body, from, to);
    if (moved === undefined) {
      throw new TarsierError(
        'thresholds/changed',
        `${target.name}: expected its threshold to be ${from}; it was changed or deleted since`,
      );
    }
    if (moved.severity === 'page' && isCrossedLess(target.op, from, to)) {
      throw new TarsierError('thresholds/guard-rail', `${target.name}: severity page may only be told of more`);
    }
    await tx`
      update ${tx(table)} set body = ${storableJson(moved.body)}::text::jsonb
      where tenant_id = ${tenantId} and id = ${target.id}`;
  }

  return {
    propose(scope, proposal, by) {
      const { tenantId } = scope;
      return begin(scope, async (tx) => {
        const before = await held(tx, scope, proposal.id);
        if (before !== undefined) return before;
        const at = now();
        const made: ThresholdProposal = { ...proposal, state: 'proposed', createdAt: at, changedAt: at, changedBy: by };
        await tx`
          insert into threshold_proposal (tenant_id, id, state, body, created_at)
          values (${tenantId}, ${made.id}, ${made.state}, ${storableJson(made)}::text::jsonb, ${at})`;
        return made;
      });
    },
    async list(scope, { state, limit, cursor }) {
      const { tenantId } = scope;
      const before = cursor === undefined ? undefined : decodeCursor(cursor, ['number', 'string']);
      const rows = await run(
        scope,
        (sql) => sql<Body<ThresholdProposal>[]>`
        select body from threshold_proposal
        where tenant_id = ${tenantId} ${state === undefined ? sql`` : sql`and state = ${state}`}
          ${before === undefined ? sql`` : sql`and (created_at, id) < (${before[0]}::float8::bigint, ${before[1]})`}
        order by created_at desc, id desc limit ${limit + 1}`,
      );
      return pageOf(rows, limit, bodyOf, ({ body: { createdAt, id } }) => [createdAt, id]);
    },
    async find(scope, id) {
      const { tenantId } = scope;
      const [row] = await run(
        scope,
        (sql) => sql<Body<ThresholdProposal>[]>`
        select body from threshold_proposal where tenant_id = ${tenantId} and id = ${id}`,
      );
      return row?.body;
    },
    apply: (scope, id, by) =>
      begin(scope, async (tx) => {
        const proposal = await held(tx, scope, id);
        if (proposal === undefined) return undefined;
        if (proposal.state === 'applied') throw wrongState(proposal);
        await move(tx, scope, proposal.target, proposal.before, proposal.after);
        const applied: ThresholdProposal = { ...proposal, state: 'applied', changedAt: now(), changedBy: by };
        await put(tx, scope, applied);
        return applied;
      }),
    rollBack: (scope, id, by) =>
      begin(scope, async (tx) => {
        const proposal = await held(tx, scope, id);
        if (proposal === undefined) return undefined;
        if (proposal.state !== 'applied') throw wrongState(proposal);
        await move(tx, scope, proposal.target, proposal.after, proposal.before);
        const back: ThresholdProposal = { ...proposal, state: 'rolled-back', changedAt: now(), changedBy: by };
        await put(tx, scope, back);
        return back;
      }),
    async current(scope, target) {
      const { tenantId } = scope;
      const table = target.kind === 'rule' ? 'rule' : 'detection_settings';
      const [row] = await run(
        scope,
        (sql) => sql<Body<unknown>[]>`
        select body from ${sql(table)} where tenant_id = ${tenantId} and id = ${target.id}`,
      );
      return row === undefined ? undefined : valueOf(target, row.body);
    },
    async reportMissed(scope, { ruleId, from, to, comment }, by) {
      const { tenantId } = scope;
      const missed: MissedIncident = { id: randomUUID(), ruleId, from, to, comment, by, at: now() };
      await run(
        scope,
        (sql) => sql`
        insert into missed_incident (tenant_id, id, rule_id, "from", body)
        values (${tenantId}, ${missed.id}, ${ruleId}, ${from}, ${storableJson(missed)}::text::jsonb)`,
      );
      return missed;
    },
    async missed(scope, { limit, cursor }) {
      const { tenantId } = scope;
      const before = cursor === undefined ? undefined : decodeCursor(cursor, ['number', 'string']);
      const rows = await run(
        scope,
        (sql) => sql<Body<MissedIncident>[]>`
        select body from missed_incident
        where tenant_id = ${tenantId}
          ${before === undefined ? sql`` : sql`and ("from", id) < (${before[0]}::float8::bigint, ${before[1]})`}
        order by "from" desc, id desc limit ${limit + 1}`,
      );
      return pageOf(rows, limit, bodyOf, ({ body: { from, id } }) => [from, id]);
    },
    async missedOf(scope, ruleId, { start, end }) {
      const { tenantId } = scope;
      const rows = await run(
        scope,
        (sql) => sql<Body<MissedIncident>[]>`
        select body from missed_incident
        where tenant_id = ${tenantId} and rule_id = ${ruleId} and "from" between ${start} and ${end}
        order by "from" limit ${mostOfRule}`,
      );
      return rows.map(({ body }) => body);
    },
    async toldOf(scope, ruleIds, { start, end }) {
      const { tenantId } = scope;
      return run(
        scope,
        (sql) => sql<ToldIncident[]>`
        select i.body as incident, min(a.since)::float8 as "from",
          max(coalesce((a.body -> 'state' ->> 'resolvedAt')::float8, ${end}::float8)) as "to"
        from alert a join incident i on i.tenant_id = a.tenant_id and i.id = a.incident_id
        where a.tenant_id = ${tenantId} and a.state <> 'pending' and a.since between ${start} and ${end}
          and a.body ->> 'ruleId' = any(${[...ruleIds]}::text[])
        group by i.tenant_id, i.id, i.body order by 2 limit ${mostOfRule}`,
      );
    },
    async deleteMissed(scope, id) {
      const { tenantId } = scope;
      const gone = await run(
        scope,
        (sql) => sql`delete from missed_incident where tenant_id = ${tenantId} and id = ${id} returning id`,
      );
      return gone.length > 0;
    },
  };
}

function wrongState({ id, state }: ThresholdProposal): TarsierError {
  const wanted = state === 'applied' ? 'one that is not applied' : 'one that is applied';
  return new TarsierError('thresholds/state', `proposal ${id}: expected ${wanted}, it is ${state}`);
}

type Target = ThresholdProposal['target'];

/** Undefined where it is no longer of the kind that it was. */
function valueOf(target: Target, body: unknown): number | undefined {
  if (target.kind === 'detector') return detectionSettingSchema.parse(body).surprise;
  const rule = newRuleSchema.parse(body);
  if (rule.kind === 'threshold' && target.field === 'value') return rule.op === target.op ? rule.value : undefined;
  return rule.kind === 'anomaly' && target.field === 'minScore' ? rule.minScore : undefined;
}

function movedFrom(
  target: Target,
  body: unknown,
  from: number,
  to: number,
): { readonly body: object; readonly severity: string | undefined } | undefined {
  if (valueOf(target, body) !== from) return undefined;
  if (target.kind === 'detector') {
    return {
      body: detectionSettingSchema.parse({ ...detectionSettingSchema.parse(body), surprise: to }),
      severity: undefined,
    };
  }
  const rule = newRuleSchema.parse(body);
  const { severity } = rule;
  if (rule.kind === 'anomaly') return { body: newRuleSchema.parse({ ...rule, minScore: to }), severity };
  if (rule.kind !== 'threshold') return undefined;
  // Hysteresis stays as wide as it was.
  const clear = rule.clear === undefined ? {} : { clear: rule.clear + to - from };
  return { body: newRuleSchema.parse({ ...rule, value: to, ...clear }), severity };
}
