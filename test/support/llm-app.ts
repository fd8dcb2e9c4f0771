/**
 * A program like those that use AI models: the SDK of OpenTelemetry, spans and metrics after the conventions for
 * generative AI. `node llm-app.ts URL` makes four calls of a model and runs a tool, tells of them, and ends.
 */
import { SpanStatusCode, type Attributes } from '@opentelemetry/api';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';

const url = process.argv[2] ?? '';
const resource = resourceFromAttributes({ 'service.name': 'support-desk', 'service.instance.id': 'desk-1' });
const exporter = new OTLPTraceExporter({ url: `${url}/v1/traces` });
const traces = new TracerProvider({ resource, spanProcessors: [new BatchSpanProcessor({ exporter })] });
const reader = new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter({ url: `${url}/v1/metrics` }) });
const meters = new MeterProvider({ resource, readers: [reader] });

const tracer = traces.getTracer('llm-app');
const tickets = meters.getMeter('llm-app').createCounter('tickets.closed', { unit: '{ticket}' });

function span(name: string, attributes: Attributes, failed = false): void {
  const began = tracer.startSpan(name, { attributes });
  if (failed) began.setAttribute('error.type', 'rate_limit').setStatus({ code: SpanStatusCode.ERROR });
  began.end();
}

for (let call = 0; call < 4; call++) {
  const usage = {
    'gen_ai.usage.input_tokens': 5_000,
    'gen_ai.usage.cache_read.input_tokens': 4_000,
    'gen_ai.usage.output_tokens': 200,
  };
  const failed = call === 3;
  const attributes = {
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'acme',
    'gen_ai.request.model': 'large-1',
    'gen_ai.agent.name': 'triage',
    ...(failed ? {} : usage),
  };
  span('chat large-1', attributes, failed);
}
span('execute_tool search', {
  'gen_ai.operation.name': 'execute_tool',
  'gen_ai.tool.name': 'search',
  'gen_ai.agent.name': 'triage',
});
tickets.add(2, { queue: 'billing' });

await traces.forceFlush();
await meters.forceFlush();
await traces.shutdown();
await meters.shutdown();
