/** Scores as series, again and again: so that they can be charted and alerted upon. */
import type { SeriesIdentity, UnixMs } from '@tarsier/protocol';
import type { Optimisation } from '@tarsier/protocol/api';
import { remembered } from '../../../remembered.ts';
import type { TenantScope } from '../../../tenant.ts';
import { dayGoodForMs, readDay, readOptimisation, type OptimisationReader } from './read-optimisation.ts';
import { scoreTenant } from './score.ts';

export interface ScoreKeeper {
  /** As of now, at most ten seconds old. */
  current(scope: TenantScope): Promise<Optimisation>;
  /** Stores the scores of a tenant that has hosts. */
  keep(scope: TenantScope): Promise<void>;
}

const rememberedMs = 10_000;

export function createScoreKeeper({
  reader,
  record,
  now,
}: {
  readonly reader: OptimisationReader;
  readonly record: (
    scope: TenantScope,
    series: readonly SeriesIdentity[],
    values: Float64Array,
    time: UnixMs,
  ) => Promise<void>;
  readonly now: () => UnixMs;
}): ScoreKeeper {
  const days = remembered((scope) => readDay(reader, scope, now()), dayGoodForMs, now);
  const scores = remembered(
    async (scope) => {
      const at = now();
      const { tenant, prices } = await readOptimisation(reader, scope, at, days.of);
      return scoreTenant(tenant, prices, at);
    },
    rememberedMs,
    now,
  );
  return {
    current: scores.of,
    async keep(scope) {
      const current = await scores.of(scope);
      if (current.hosts.length === 0) return;
      const samples = scoreSamples(current);
      const values = Float64Array.from(samples, ({ value }) => value);
      await record(
        scope,
        samples.map(({ series }) => series),
        values,
        current.at,
      );
    },
  };
}

/** `optimisation_score{kind="host",host="a"}`, and each of its parts that is known. */
export function scoreSamples({
  tenant,
  groups,
  hosts,
}: Optimisation): readonly { readonly series: SeriesIdentity; readonly value: number }[] {
  return [tenant, ...groups, ...hosts].flatMap(({ kind, name, score, parts }) => {
    const labels = kind === 'tenant' ? { kind } : { kind, [kind]: name };
    return [
      { series: { name: 'optimisation_score', labels }, value: score },
      ...parts.flatMap(({ id, score: of }) =>
        of === null
          ? []
          : [{ series: { name: 'optimisation_part_score', labels: { ...labels, part: id } }, value: of }],
      ),
    ];
  });
}
