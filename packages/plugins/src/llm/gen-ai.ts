/**
 * OpenTelemetry's conventions for generative AI, as calls:
 * https://opentelemetry.io/docs/specs/semconv/gen-ai/ (spans, metrics and agents; names of before 1.37 as well).
 */
import type { Attributes, OtlpMetric, OtlpResource, OtlpSpan } from '@tarsier/protocol/otlp';
import { attributeText } from '../calls/attribute-text.ts';
import type { ToldIncrease } from '../calls/call-doors.ts';
import { durationOf, rebucket, type Durations, type HistogramSpec } from '../calls/durations.ts';
import { noTokens, tokenCounts, type LlmCalls, type TokenCounts } from './call.ts';
import type { Ledger } from './ledger.ts';
import { callDuration, serverHistograms } from './metrics.ts';
import type { PushRefusal } from '../doors/pushed-series.ts';

const spanKindServer = 2;
const statusError = 2;
/** They are made of calls, which tell their own tokens: what these sum up was counted already. */
const agentOperations: ReadonlySet<string> = new Set(['invoke_agent', 'create_agent', 'invoke_workflow']);

/** Whether a span is of generative AI, on the side of the one who calls. */
export function isGenAiSpan({ attributes, kind }: OtlpSpan): boolean {
  return kind !== spanKindServer && (attributes.has('gen_ai.operation.name') || modelOf(attributes) !== '');
}

/** Whether a metric tells of the calls that spans tell of, or of what servers of models do; undefined for others. */
export function genAiMetricTells({ name }: OtlpMetric): 'calls' | 'more' | undefined {
  if (name === 'gen_ai.client.token.usage' || name === 'gen_ai.client.operation.duration') return 'calls';
  return Object.hasOwn(serverHistograms, name) ? 'more' : undefined;
}

/** @returns why it is not counted */
export function takeSpan(ledger: Ledger, span: OtlpSpan): PushRefusal | undefined {
  const { attributes, resource, status, startMs, endMs } = span;
  const seconds = Math.max(0, endMs - startMs) / 1000;
  const agent = agentOf(attributes, resource);
  const error = attributeText(attributes, 'error.type') || (status?.code === statusError ? 'error' : '');
  const operation = attributeText(attributes, 'gen_ai.operation.name');
  if (agentOperations.has(operation)) return operation === 'invoke_agent' ? ledger.agentRun(agent) : undefined;
  if (operation === 'execute_tool')
    return ledger.tool({ agent, tool: attributeText(attributes, 'gen_ai.tool.name') || span.name, error, seconds });
  return ledger.calls({
    ...who(attributes, resource),
    count: 1,
    error,
    tokens: tokensOf(attributes),
    durations: durationOf(seconds, callDuration),
  });
}

/** @returns why it is not counted */
export function takeIncrease(ledger: Ledger, told: ToldIncrease): PushRefusal | undefined {
  const { name, attributes, resource, count, sum } = told;
  const named = who(attributes, resource);
  if (agentOperations.has(named.operation) || named.operation === 'execute_tool') return undefined;
  const durationsBy = (spec: HistogramSpec): Durations => ({
    count,
    seconds: sum,
    counts: rebucket(told.bucketCounts, told.bounds, spec),
  });
  const server = Object.hasOwn(serverHistograms, name) ? serverHistograms[name] : undefined;
  if (server !== undefined) return ledger.server(server, named.provider, named.model, durationsBy(server));
  if (name === 'gen_ai.client.token.usage') {
    const tokens = tokensOfType(attributeText(attributes, 'gen_ai.token.type'), sum);
    return ledger.calls({ ...named, count: 0, error: '', tokens, durations: undefined });
  }
  const error = attributeText(attributes, 'error.type');
  return ledger.calls({ ...named, count, error, tokens: noTokens, durations: durationsBy(callDuration) });
}

type Who = Pick<LlmCalls, 'provider' | 'model' | 'answeringModel' | 'agent' | 'tool' | 'operation'>;

function who(attributes: Attributes, resource: OtlpResource): Who {
  return {
    provider: attributeText(attributes, 'gen_ai.provider.name', 'gen_ai.system'),
    model: modelOf(attributes),
    answeringModel: attributeText(attributes, 'gen_ai.response.model'),
    agent: agentOf(attributes, resource),
    tool: attributeText(attributes, 'gen_ai.tool.name'),
    operation: attributeText(attributes, 'gen_ai.operation.name'),
  };
}

function modelOf(attributes: Attributes): string {
  return attributeText(attributes, 'gen_ai.request.model', 'gen_ai.response.model');
}

/** Who calls: the agent, else the service. */
function agentOf(attributes: Attributes, { attributes: of }: OtlpResource): string {
  return attributeText(attributes, 'gen_ai.agent.name') || attributeText(of, 'gen_ai.agent.name', 'service.name');
}

function tokensOf(attributes: Attributes): TokenCounts {
  return tokenCounts(
    number(attributes, 'gen_ai.usage.input_tokens') || number(attributes, 'gen_ai.usage.prompt_tokens'),
    number(attributes, 'gen_ai.usage.cache_read.input_tokens'),
    number(attributes, 'gen_ai.usage.cache_creation.input_tokens'),
    number(attributes, 'gen_ai.usage.output_tokens') || number(attributes, 'gen_ai.usage.completion_tokens'),
  );
}

function tokensOfType(type: string, tokens: number): TokenCounts {
  return type === 'input' ? { ...noTokens, input: tokens } : { ...noTokens, output: tokens };
}

function number(attributes: Attributes, name: string): number {
  const value = Number(attributes.get(name) ?? 0);
  return Number.isFinite(value) && value > 0 ? value : 0;
}
