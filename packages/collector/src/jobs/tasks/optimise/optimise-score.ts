import { TarsierError, type UnixMs } from '@tarsier/protocol';
import type { OptimisationResult, Recommendation } from '@tarsier/protocol/api';
import { z } from 'zod';
import type { Storage } from '../../../storage/storage.ts';
import type { TenantScope } from '../../../tenant.ts';
import { defineJobType, type JobContext } from '../../job-type.ts';
import { seriesOver } from '../ask-engine.ts';
import { comparedHours, outcomeOf, outcomesOf, type ScoreHistory } from './outcome.ts';
import { readOptimisation, subjectOf } from './read-optimisation.ts';
import { recommend } from './recommend.ts';
import { scoreTenant } from './score.ts';

const hourMs = 3_600_000;
const most = 1_000;

export const optimiseScore = defineJobType({
  name: 'optimise.score',
  summary: 'How well hosts, groups and the tenant do, 0 to 100, what would make that better, and what did.',
  payload: z.strictObject({
    recommendations: z.int().min(0).max(200).default(50).describe('Most that are kept open.'),
  }),
  runs: 'thread',
  estimateMs: () => 300,
  async run({ recommendations: mostOpen }, context): Promise<OptimisationResult> {
    const { storage, scope, now, progress } = context;
    const { tenant, sources, prices } = await readOptimisation(context, scope, now);
    if (tenant.hosts.length === 0) {
      throw new TarsierError('jobs/series', 'no host was measured in the last half hour');
    }
    progress({ ratio: 0.6, message: 'measured' });
    const scores = scoreTenant(tenant, prices, now);
    const found = recommend(tenant, sources, prices, now).slice(0, mostOpen);
    const known = await allOf(storage, scope);
    const measured = await measure(context, known);
    await storage.recommendations.save(scope, [...merged(found, known, now), ...measured]);
    progress({ ratio: 0.9, message: 'compared', metrics: { score: scores.tenant.score } });
    const after = await allOf(storage, scope);
    return {
      kind: 'optimise.score',
      ...scores,
      recommendations: after.filter(({ state }) => state === 'open' || state === 'followed').slice(0, mostOpen),
      outcomes: outcomesOf(after.flatMap(({ outcome }) => outcome ?? [])),
    };
  },
});

/** What was decided stays decided; what is no longer found is gone. */
function merged(
  found: readonly Recommendation[],
  known: readonly Recommendation[],
  now: UnixMs,
): readonly Recommendation[] {
  const byId = new Map(known.map((one) => [one.id, one]));
  const kept = found.flatMap((one) => {
    const before = byId.get(one.id);
    if (before === undefined) return [one];
    if (before.state === 'followed' || before.state === 'dismissed') return [];
    return [{ ...one, createdAt: before.state === 'open' ? before.createdAt : now }];
  });
  const gone = known.filter(({ id, state }) => state === 'open' && !found.some((one) => one.id === id));
  return [...kept, ...gone.map((one): Recommendation => ({ ...one, state: 'gone', changedAt: now }))];
}

/** Those that were followed a day ago or longer. */
async function measure(context: JobContext, known: readonly Recommendation[]): Promise<readonly Recommendation[]> {
  const { now } = context;
  const followed = new Set(
    known.filter(({ state }) => state === 'followed').map(({ subject: of }) => `${of.kind} ${of.name}`),
  );
  const measured: Recommendation[] = [];
  for (const one of known) {
    const { followedAt, subject } = one;
    if (one.state !== 'followed' || followedAt === undefined || followedAt + comparedHours * hourMs > now) continue;
    const series = await seriesOver(context, {
      query: `avg_over_time(optimisation_score{kind="${subject.kind}"}[1h])`,
      start: followedAt - (comparedHours - 1) * hourMs,
      end: followedAt + comparedHours * hourMs,
      stepMs: hourMs,
    });
    const histories = series.map(({ labels, times, values }) => ({
      name: subjectOf(labels),
      before: values.filter((value, at) => (times[at] ?? 0) <= followedAt && Number.isFinite(value)),
      after: values.filter((value, at) => (times[at] ?? 0) > followedAt && Number.isFinite(value)),
    }));
    const name = `${subject.kind} ${subject.name}`;
    const own: ScoreHistory | undefined = histories.find((history) => history.name === name);
    const others = histories.filter((history) => !followed.has(history.name));
    const outcome = own === undefined ? undefined : outcomeOf(one, own, others, now);
    if (outcome !== undefined) measured.push({ ...one, state: 'measured', outcome, changedAt: now });
  }
  return measured;
}

async function allOf(
  { recommendations }: Pick<Storage, 'recommendations'>,
  scope: TenantScope,
): Promise<readonly Recommendation[]> {
  const all: Recommendation[] = [];
  for (let cursor: string | undefined; ;) {
    const { items, next } = await recommendations.list(scope, { limit: most, cursor });
    all.push(...items);
    if (next === undefined) return all;
    cursor = next;
  }
}
