/** Where calls, runs of tools and the quality of models are written down, whoever told of them. */
import type { Labels, MetricDescription } from '@tarsier/protocol';
import { createBoundedLabel } from '../calls/bounded-label.ts';
import { histogramIncrements, type Durations, type HistogramSpec } from '../calls/durations.ts';
import { addAll, type Increment } from '../calls/increments.ts';
import { createRecent } from '../calls/recent.ts';
import type { PushedSeriesStore, PushRefusal } from '../doors/pushed-series.ts';
import type { ScrapeOutput } from '../plugin.ts';
import { roundRatio } from '../samples/ratio.ts';
import type { LlmCalls, ToolRun } from './call.ts';
import { callDuration, llmMetrics } from './metrics.ts';
import { costOf, type FindPrice } from './prices.ts';

export interface Ledger {
  /** @returns why not */
  calls(calls: LlmCalls): PushRefusal | undefined;
  tool(run: ToolRun): PushRefusal | undefined;
  agentRun(agent: string): PushRefusal | undefined;
  server(spec: HistogramSpec, provider: string, model: string, durations: Durations): PushRefusal | undefined;
  /** Puts out the rates and ratios of the last minute. */
  put(out: ScrapeOutput): void;
}

export interface LedgerLimits {
  readonly maxModels: number;
  readonly maxAgents: number;
  readonly maxTools: number;
}

const maxProviders = 30;
const maxErrors = 50;
const maxOperations = 20;
const maxGroups = 1_000;
const recentNames = ['calls', 'errors', 'read', 'cached'] as const;

export function createLedger({
  store,
  findPrice,
  limits,
  now,
}: {
  readonly store: PushedSeriesStore;
  readonly findPrice: FindPrice;
  readonly limits: LedgerLimits;
  readonly now: () => number;
}): Ledger {
  const bounded = {
    provider: createBoundedLabel(maxProviders),
    model: createBoundedLabel(limits.maxModels),
    agent: createBoundedLabel(limits.maxAgents),
    tool: createBoundedLabel(limits.maxTools),
    error: createBoundedLabel(maxErrors),
    operation: createBoundedLabel(maxOperations),
  };
  const recent = createRecent(recentNames, { maxGroups, now });

  function tokenIncrements({ tokens, provider, model, answeringModel }: LlmCalls, labels: Labels): Increment[] {
    const { input, cached, cacheWrite, output } = tokens;
    const total = input + cached + cacheWrite + output;
    if (total === 0) return [];
    const types = { input, cached, cache_write: cacheWrite, output };
    const price = findPrice(provider, [answeringModel, model]);
    return [
      ...Object.entries(types).map(([type, by]) => increment('llm_tokens_total', { ...labels, type }, by)),
      // A price that is not known is not 0: there is no cost then, and the tokens are counted apart.
      price === undefined
        ? increment('llm_unpriced_tokens_total', labels, total)
        : increment('llm_cost_usd_total', labels, costOf(tokens, price)),
    ];
  }

  return {
    calls(calls) {
      const labels = {
        provider: bounded.provider(calls.provider),
        model: bounded.model(calls.model),
        agent: bounded.agent(calls.agent),
        tool: bounded.tool(calls.tool),
      };
      const { provider, model } = labels;
      const operation = bounded.operation(calls.operation);
      const failed = calls.error === '' ? 0 : calls.count;
      const refused = addAll(store, [
        ...(calls.count === 0 ? [] : [increment('llm_calls_total', labels, calls.count)]),
        ...(failed === 0
          ? []
          : [increment('llm_errors_total', { ...labels, error: bounded.error(calls.error) }, failed)]),
        ...tokenIncrements(calls, labels),
        ...(calls.durations === undefined
          ? []
          : histogramIncrements(callDuration, { provider, model, operation }, calls.durations)),
      ]);
      if (refused !== undefined) return refused;
      const { input, cached, cacheWrite } = calls.tokens;
      recent.add(labels, { calls: calls.count, errors: failed, read: input + cached + cacheWrite, cached });
      return undefined;
    },

    tool({ agent, tool, error, seconds = 0 }) {
      const labels = { agent: bounded.agent(agent), tool: bounded.tool(tool) };
      return addAll(store, [
        increment('llm_tool_runs_total', labels, 1),
        increment('llm_tool_seconds_total', labels, seconds),
        ...(error === '' ? [] : [increment('llm_tool_errors_total', { ...labels, error: bounded.error(error) }, 1)]),
      ]);
    },

    agentRun: (agent) => addAll(store, [increment('llm_agent_runs_total', { agent: bounded.agent(agent) }, 1)]),

    server: (spec, provider, model, durations) =>
      addAll(
        store,
        histogramIncrements(spec, { provider: bounded.provider(provider), model: bounded.model(model) }, durations),
      ),

    put(out) {
      for (const [labels, { calls, errors, read, cached }] of recent.sums()) {
        out.gauge('llm_calls_per_minute', calls, labels);
        // Without calls there is no share of them: NaN is no sample.
        out.gauge('llm_error_ratio', roundRatio(errors / calls), labels);
        out.gauge('llm_cache_hit_ratio', roundRatio(cached / read), labels);
      }
    },
  };
}

function increment(name: keyof typeof llmMetrics, labels: Labels, by: number): Increment {
  const metric: MetricDescription = { name, ...llmMetrics[name] };
  return { metric, labels, by };
}
