/** Every metric that the plugin puts out. */
import { histogramMetrics, type HistogramSpec } from '../calls/durations.ts';
import { lineDoorMetrics } from '../doors/line-door.ts';
import type { MetricSpec } from '../plugin.ts';

/** Bounds as OpenTelemetry's conventions advise for `gen_ai.client.operation.duration`. */
const clientBounds = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];

export const callDuration: HistogramSpec = {
  name: 'llm_call_duration_seconds',
  bounds: clientBounds,
  help: 'How long calls of models took.',
};

/** What servers of models tell, by the name that OpenTelemetry has for it. */
export const serverHistograms: Readonly<Record<string, HistogramSpec>> = {
  'gen_ai.server.request.duration': {
    name: 'llm_server_duration_seconds',
    bounds: clientBounds,
    help: 'How long servers of models took for a request.',
  },
  'gen_ai.server.time_to_first_token': {
    name: 'llm_server_first_token_seconds',
    bounds: [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
    help: 'How long servers of models took until the first token.',
  },
  'gen_ai.server.time_per_output_token': {
    name: 'llm_server_token_seconds',
    bounds: [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5],
    help: 'How long servers of models took for each token after the first.',
  },
};

export const llmMetrics = {
  llm_calls_total: { kind: 'counter', unit: '', help: 'Calls of models.' },
  llm_errors_total: { kind: 'counter', unit: '', help: 'Calls of models that failed, by kind of error.' },
  llm_tokens_total: {
    kind: 'counter',
    unit: '',
    help: 'Tokens by type: input, cached (read from a cache), cache_write, output; each token once.',
  },
  llm_cost_usd_total: { kind: 'counter', unit: 'usd', help: 'What the tokens cost by the price table.' },
  llm_daily_budget_usd: {
    kind: 'gauge',
    unit: 'usd',
    help: 'What the agent may spend in 24 hours, by the settings.',
  },
  llm_unpriced_tokens_total: {
    kind: 'counter',
    unit: '',
    help: 'Tokens of models that the price table does not have.',
  },
  llm_calls_per_minute: { kind: 'gauge', unit: '', help: 'Calls of models in the last minute.' },
  llm_error_ratio: { kind: 'gauge', unit: 'ratio', help: 'Share of the calls of the last minute that failed.' },
  llm_cache_hit_ratio: {
    kind: 'gauge',
    unit: 'ratio',
    help: 'Share of the tokens read in the last minute that came from a cache.',
  },
  llm_agent_runs_total: { kind: 'counter', unit: '', help: 'Runs of agents, each of many calls.' },
  llm_tool_runs_total: { kind: 'counter', unit: '', help: 'Runs of tools by agents.' },
  llm_tool_errors_total: { kind: 'counter', unit: '', help: 'Runs of tools that failed, by kind of error.' },
  llm_tool_seconds_total: { kind: 'counter', unit: 'seconds', help: 'How long runs of tools took, together.' },
  model_accuracy_ratio: { kind: 'gauge', unit: 'ratio', help: 'Accuracy of a model, as its training or test told.' },
  model_loss: { kind: 'gauge', unit: '', help: 'Loss of a model, as its training or test told.' },
  model_step: { kind: 'gauge', unit: '', help: 'How far the training of a model is, in its own steps.' },
  llm_dropped_calls_total: { kind: 'counter', unit: '', help: 'Calls that were not counted, by reason.' },
} as const satisfies Record<string, MetricSpec>;

export const allMetrics: Readonly<Record<string, MetricSpec>> = {
  ...llmMetrics,
  ...histogramMetrics(callDuration),
  ...Object.assign({}, ...Object.values(serverHistograms).map(histogramMetrics)),
  ...lineDoorMetrics('llm'),
};
