/** Where work is held up: utilisation, saturation and errors of each resource (USE: Gregg 2013, acmq 2413037). Pure. */
import type { PerformanceSubject, UseCheck } from '@tarsier/protocol/api';
import { formatPercent } from '../../../stats/format.ts';
import { meanOf } from '../../../stats/mean.ts';
import { quantileOf } from '../../../stats/quantile.ts';
import { jackknife, round } from '../optimise/score.ts';

export interface ResourceInput {
  readonly resource: UseCheck['resource'];
  /** Shares in use and of waiting, in time order; empty where nothing measures them. */
  readonly used: Float64Array;
  readonly waiting: Float64Array;
  /** A minute, and what is tolerable of them; undefined where nothing counts them. */
  readonly errors: number | undefined;
  readonly tolerable: number;
  readonly query: string;
}

export interface SubjectInput {
  readonly kind: PerformanceSubject['kind'];
  readonly name: string;
  readonly host?: string;
  readonly resources: readonly ResourceInput[];
}

/** Judgements: from where on a resource is short, and how much waiting is as bad as it gets. */
const bounds = { used: 0.7, waiting: 0.1 } as const;
/** What holds up less is no bottleneck. */
export const leastSeverity = 0.1;
const blocks = 12;

export function analyseSubject(input: SubjectInput): PerformanceSubject {
  const checks = input.resources.map(checkOf);
  const worst = checks.toSorted((a, b) => b.severity - a.severity)[0];
  const score = scoreOf(checks);
  const half = jackknife((block) => scoreOf(input.resources.map((one) => checkOf(withoutBlock(one, block)))));
  const query = input.resources.find(({ resource }) => resource === worst?.resource)?.query ?? '';
  return {
    kind: input.kind,
    name: input.name,
    ...(input.host === undefined ? {} : { host: input.host }),
    score: round(score),
    interval: { low: round(Math.max(0, score - half)), high: round(Math.min(100, score + half)) },
    bottleneck:
      worst === undefined || worst.severity < leastSeverity
        ? null
        : {
            resource: worst.resource,
            title: `${input.name} is held up by ${worst.resource}: ${worst.reason}`,
            impact: round(worst.severity),
            query,
          },
    checks: checks.map((check) => ({ ...check, severity: round(check.severity) })),
  };
}

/** As fast as the resource that holds it up most lets it be. */
function scoreOf(checks: readonly UseCheck[]): number {
  return 100 * (1 - Math.max(0, ...checks.map(({ severity }) => severity)));
}

function checkOf({ resource, used, waiting, errors, tolerable }: ResourceInput): UseCheck {
  const utilisation = used.length === 0 ? null : quantileOf(used.toSorted(), 0.95);
  const saturation = waiting.length === 0 ? null : meanOf(waiting);
  const parts = [
    {
      severity: utilisation === null ? 0 : (utilisation - bounds.used) / (1 - bounds.used),
      text: utilisation === null ? undefined : `up to ${formatPercent(utilisation)} in use in 95 % of the time`,
    },
    {
      severity: saturation === null ? 0 : saturation / bounds.waiting,
      text: saturation === null ? undefined : `work waited in ${formatPercent(saturation)} of the time`,
    },
    {
      severity: errors === undefined ? 0 : errors / tolerable,
      text: errors === undefined ? undefined : `${Number(errors.toPrecision(3))} errors a minute`,
    },
  ].toSorted((a, b) => b.severity - a.severity);
  const reason = parts.flatMap(({ text }) => text ?? []).join(', ');
  return {
    resource,
    utilisation,
    saturation,
    errors: errors ?? null,
    severity: Math.min(1, Math.max(0, parts[0]?.severity ?? 0)),
    reason: reason === '' ? 'nothing measures it' : reason,
  };
}

function withoutBlock(input: ResourceInput, block: number): ResourceInput {
  const cut = (values: Float64Array): Float64Array =>
    values.filter((_, at) => Math.floor((at * blocks) / values.length) !== block);
  return { ...input, used: cut(input.used), waiting: cut(input.waiting) };
}
