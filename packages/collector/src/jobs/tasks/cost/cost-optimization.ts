import { formatUsd, parseUsd, TarsierError, type UnixMs } from '@tarsier/protocol';
import type { CostOptimization } from '@tarsier/protocol/api';
import { z } from 'zod';
import { defineJobType, type JobContext } from '../../job-type.ts';
import { samplesAt, seriesOver } from '../ask-engine.ts';
import { monthHours, type Finding } from './finding.ts';
import { hostReport, type HostUse } from './host-cost.ts';
import { modelReport, type ModelUse } from './model-cost.ts';
import { ofPresentSize } from './present-size.ts';

const dayMs = 86_400_000;
const stepMs = 300_000;
const gib = 1024 ** 3;

export const costOptimization = defineJobType({
  name: 'cost_optimization',
  summary: 'What hosts and models cost by the price table, what of that could be saved, and how sure that is.',
  payload: z.strictObject({ days: z.int().min(1).max(30).default(7).describe('How far back it looks.') }),
  runs: 'thread',
  estimateMs: ({ days }) => 100 + 20 * days,
  async run({ days }, context): Promise<CostOptimization> {
    const { storage, scope, now, progress } = context;
    const prices = await storage.prices.get(scope);
    const end = Math.floor(now / stepMs) * stepMs;
    const start = end - days * dayMs + stepMs;
    const uses = await readHosts(context, start, end);
    progress({ ratio: 0.5, message: 'hosts read' });
    const calls = await readModels(context, days, now);
    if (uses.length === 0 && calls.length === 0) {
      throw new TarsierError('jobs/series', `no host and no model was measured in the last ${days} days`);
    }
    const usd = (text: string): number => parseUsd(text) ?? 0;
    const hostPrices = { coreHour: usd(prices.coreHour), gibHour: usd(prices.gibHour) };
    const hosts = uses.map((use) => hostReport(use, hostPrices));
    const monthShare = (days * 24) / monthHours;
    const models = modelReport(calls, prices.models, monthShare);
    const findings = [...hosts.flatMap(({ finding }) => finding ?? []), ...models.findings].toSorted(
      (a, b) => b.saving * b.confidence - a.saving * a.confidence,
    );
    const hostsMonthly = hosts.reduce((sum, { monthly }) => sum + monthly, 0);
    const monthly = hostsMonthly + Math.round(models.cost / monthShare);
    const expected = expectedSaving(findings);
    return {
      kind: 'cost_optimization',
      version: 1,
      method:
        'Hosts: sizes by percentiles with headroom, chosen by the first three quarters of the time and tried on the last, beside the mean and the maximum. Models: metered tokens by the price table, each agent beside the others; docs/ml/cost.md.',
      sources: [
        'Rzadca et al. 2020, doi:10.1145/3342195.3387524',
        'Recommender of the Kubernetes vertical pod autoscaler',
      ],
      score: monthly === 0 ? 100 : Math.round(100 * (1 - expected / monthly)),
      monthly: formatUsd(monthly),
      saving: formatUsd(expected),
      arithmetic: `${formatUsd(hostsMonthly)} USD for hosts + ${formatUsd(monthly - hostsMonthly)} USD for models a month; the saving is the sum of each subject's best, times its confidence`,
      findings: findings.map((finding) => ({
        ...finding,
        monthly: formatUsd(finding.monthly),
        saving: formatUsd(finding.saving),
        confidence: Math.round(100 * finding.confidence) / 100,
      })),
      hosts: hosts.map(({ host, size, wanted, overflow, monthlyOf, monthly: cost }) => ({
        host,
        size,
        monthly: formatUsd(cost),
        wanted,
        overflow,
        monthlyOf: {
          wanted: formatUsd(monthlyOf.wanted),
          byMean: formatUsd(monthlyOf.byMean),
          byMaximum: formatUsd(monthlyOf.byMaximum),
        },
      })),
      unpriced: models.unpriced,
      days,
    };
  },
});

/** Of what is said of one subject only the best counts: two savings of the same cost can't be added. */
function expectedSaving(findings: readonly Finding[]): number {
  const bySubject = new Map<string, number>();
  for (const { subject, saving, confidence } of findings) {
    bySubject.set(subject, Math.max(bySubject.get(subject) ?? 0, Math.round(saving * confidence)));
  }
  return [...bySubject.values()].reduce((sum, saving) => sum + saving, 0);
}

async function readHosts(context: JobContext, start: UnixMs, end: UnixMs): Promise<readonly HostUse[]> {
  const range = async (query: string): Promise<ReadonlyMap<string, Float64Array>> => {
    const series = await seriesOver(context, { query, start, end, stepMs });
    return new Map(series.map(({ labels, values }) => [labels.get('host'), values]));
  };
  const cpu = await range(ofPresentSize('avg by (host) (avg_over_time(cpu_busy_ratio{cpu="all"}[5m]))', 'cpu_cores'));
  const memory = await range(
    ofPresentSize(
      '1 - avg by (host) (avg_over_time(memory_available_bytes[5m])) / avg by (host) (avg_over_time(memory_total_bytes[5m]))',
      'memory_total_bytes',
    ),
  );
  const cores = await range('max by (host) (max_over_time(cpu_cores[5m]))');
  const total = await range('max by (host) (max_over_time(memory_total_bytes[5m]))');
  return Array.from(cpu, ([host, used]): HostUse => ({
    host,
    cores: cores.get(host)?.at(-1) ?? 1,
    memoryBytes: total.get(host)?.at(-1) ?? gib,
    cpu: used,
    memory: memory.get(host) ?? new Float64Array(),
    steps: Math.round((end - start) / stepMs) + 1,
  }));
}

async function readModels(context: JobContext, days: number, time: UnixMs): Promise<readonly ModelUse[]> {
  const by = 'agent, provider, model';
  const instant = (query: string) => samplesAt(context, query, time);
  const sum = (metric: string, labels: string): string => `sum by (${labels}) (increase(${metric}[${days}d]))`;
  const tokens = await instant(sum('llm_tokens_total', `${by}, type`));
  const calls = await instant(sum('llm_calls_total', by));
  const failed = await instant(sum('llm_errors_total', by));
  const accuracy = await instant(`avg by (model) (avg_over_time(model_accuracy_ratio[${days}d]))`);
  type Sample = (typeof tokens)[number];
  const key = ({ labels }: Sample): string => ['agent', 'provider', 'model'].map((name) => labels.get(name)).join('\0');
  // Increases are extrapolated to the ends of the time: tokens are whole.
  const of = (samples: readonly Sample[], wanted: string, type?: string): number =>
    Math.round(
      samples.find((one) => key(one) === wanted && (type === undefined || one.labels.get('type') === type))?.value ?? 0,
    );
  const uses = Map.groupBy(tokens, key);
  return Array.from(uses, ([wanted, [first]]): ModelUse => {
    const model = first?.labels.get('model') ?? '';
    const known = accuracy.find(({ labels }) => labels.get('model') === model)?.value;
    return {
      agent: first?.labels.get('agent') ?? '',
      provider: first?.labels.get('provider') ?? '',
      model,
      calls: of(calls, wanted),
      failed: of(failed, wanted),
      tokens: {
        input: of(tokens, wanted, 'input'),
        cached: of(tokens, wanted, 'cached'),
        cacheWrite: of(tokens, wanted, 'cache_write'),
        output: of(tokens, wanted, 'output'),
      },
      ...(known === undefined ? {} : { accuracy: known }),
    };
  });
}
