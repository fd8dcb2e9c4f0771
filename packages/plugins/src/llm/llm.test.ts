import { SpanKind, SpanStatusCode, type Attributes } from '@opentelemetry/api';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AggregationTemporality, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { rebucket } from '../calls/durations.ts';
import { createRecent } from '../calls/recent.ts';
import { postTo } from '../doors/testing.ts';
import { createHost } from '../host/host.ts';
import { otlp } from '../otlp/otlp.ts';
import { freePort } from '../testing-servers.ts';
import { openPlugin, type Samples } from '../testing.ts';
import { tokenCounts } from './call.ts';
import { llm } from './llm.ts';
import { callDuration } from './metrics.ts';
import { costOf, createPrices, matches, priceSetting } from './prices.ts';

const prices = [
  { model: 'large-*', provider: 'acme', input: 3, output: 15, cachedInput: 0.3, cacheWrite: 3.75 },
  { model: 'small', input: 0.25, output: 1.25 },
];

async function open(config: Record<string, unknown> = {}) {
  const port = await freePort();
  const listen = `127.0.0.1:${port}`;
  const plugin = openPlugin(llm, { listen, prices, ...config });
  await plugin.scrape();
  onTestFinished(() => plugin.close());
  return {
    ...plugin,
    listen,
    url: `http://${listen}`,
    post: (path: string, ...lines: readonly object[]) =>
      postTo(port, path, lines.map((line) => JSON.stringify(line)).join('\n')),
    /** What is put out now: new counters begin at 0, so at the second tick. */
    async now(): Promise<Samples> {
      await plugin.scrape();
      return plugin.scrape();
    },
  };
}

describe('calls as JSON lines', () => {
  const call = { model: 'large-2', provider: 'acme', agent: 'helper', operation: 'chat', duration_seconds: 1.5 };

  test('are counted, timed and priced by model and agent', async () => {
    const { post, now } = await open();
    const tokens = { input_tokens: 10_000, cached_tokens: 6_000, cache_write_tokens: 1_000, output_tokens: 500 };
    expect(await post('/v1/llm', { ...call, ...tokens }, { ...call, ...tokens, error: 'timeout' })).toMatchObject({
      status: 204,
    });
    const of = 'agent="helper",model="large-2",provider="acme"';
    const histogram = 'model="large-2",operation="chat",provider="acme"';
    expect(await now()).toMatchObject({
      [`llm_calls_total{${of}}`]: 2,
      [`llm_errors_total{agent="helper",error="timeout",model="large-2",provider="acme"}`]: 1,
      [`llm_tokens_total{${of},type="input"}`]: 6_000,
      [`llm_tokens_total{${of},type="cached"}`]: 12_000,
      [`llm_tokens_total{${of},type="cache_write"}`]: 2_000,
      [`llm_tokens_total{${of},type="output"}`]: 1_000,
      // Twice (3000 x 3 + 6000 x 0.3 + 1000 x 3.75 + 500 x 15) / 1000000.
      [`llm_cost_usd_total{${of}}`]: 0.0441,
      [`llm_calls_per_minute{${of}}`]: 2,
      [`llm_error_ratio{${of}}`]: 0.5,
      [`llm_cache_hit_ratio{${of}}`]: 0.6,
      [`llm_call_duration_seconds_bucket{le="1.28",${histogram}}`]: 0,
      [`llm_call_duration_seconds_bucket{le="2.56",${histogram}}`]: 2,
      [`llm_call_duration_seconds_bucket{le="+Inf",${histogram}}`]: 2,
      [`llm_call_duration_seconds_count{${histogram}}`]: 2,
      [`llm_call_duration_seconds_sum{${histogram}}`]: 3,
    });
  });

  test('begin at 0, so that the first call is an increase', async () => {
    const { post, scrape } = await open();
    await post('/v1/llm', { model: 'small', output_tokens: 8_000 });
    const cost = 'llm_cost_usd_total{model="small"}';
    expect((await scrape())[cost]).toBe(0);
    expect((await scrape())[cost]).toBe(0.01);
    await post('/v1/llm', { model: 'small', output_tokens: 8_000 });
    expect((await scrape())[cost]).toBe(0.02);
  });

  test('of a model without a price have no cost, and their tokens are counted apart', async () => {
    const { post, now } = await open();
    await post('/v1/llm', { model: 'large-2', provider: 'other', input_tokens: 70, output_tokens: 7 });
    const samples = await now();
    expect(samples).toMatchObject({ 'llm_unpriced_tokens_total{model="large-2",provider="other"}': 77 });
    expect(Object.keys(samples).filter((name) => name.startsWith('llm_cost'))).toEqual([]);
  });

  test('have a budget by agent where the settings give one', async () => {
    const { now } = await open({ budgets: [{ agent: 'helper', usdPerDay: 20 }] });
    expect(await now()).toMatchObject({ 'llm_daily_budget_usd{agent="helper"}': 20 });
  });

  test('of a tool alone are runs of it', async () => {
    const { post, now } = await open();
    await post(
      '/v1/llm',
      { agent: 'helper', tool: 'search', duration_seconds: 2 },
      { agent: 'helper', tool: 'search', error: 'http' },
    );
    expect(await now()).toMatchObject({
      'llm_tool_runs_total{agent="helper",tool="search"}': 2,
      'llm_tool_errors_total{agent="helper",error="http",tool="search"}': 1,
      'llm_tool_seconds_total{agent="helper",tool="search"}': 2,
    });
  });

  test.each<[what: string, line: object, message: string]>([
    ['neither model nor tool', { agent: 'x' }, 'line 1: expected a model, or a tool'],
    ['a misspelt field', { model: 'small', output_token: 3 }, 'line 1: output_token: there is no such field'],
    ['more cached tokens than input', { model: 'small', input_tokens: 1, cached_tokens: 2 }, 'among input_tokens'],
    ['tokens below zero', { model: 'small', input_tokens: -1 }, 'line 1: input_tokens: '],
  ])('with %s are refused with a reason, and the others are counted', async (_, line, message) => {
    const { post, now } = await open();
    expect(await post('/v1/llm', line)).toMatchObject({
      status: 400,
      body: expect.stringContaining(JSON.stringify(message).slice(1, -1)),
    });
    expect(await post('/v1/llm', line, { model: 'small' })).toMatchObject({ status: 200 });
    expect(await now()).toMatchObject({ 'llm_calls_total{model="small"}': 1, 'llm_dropped_total{why="malformed"}': 2 });
  });

  test('of ever new models, agents and tools stay within bounds, and no cost is lost', async () => {
    const { post, now } = await open({ maxModels: 3, maxAgents: 3, prices: [{ model: '*', input: 0, output: 1 }] });
    const calls = Array.from({ length: 100 }, (_, n) => ({ model: `m${n}`, agent: `a${n}`, output_tokens: 1_000 }));
    await post('/v1/llm', ...calls);
    const samples = await now();
    const costs = Object.entries(samples).filter(([name]) => name.startsWith('llm_cost_usd_total'));
    expect(costs.length).toBe(4);
    expect(costs.reduce((sum, [, value]) => sum + value, 0)).toBeCloseTo(0.1, 9);
    expect(samples['llm_calls_total{agent="other",model="other"}']).toBe(97);
  });

  test('for which there is no room are counted whole or not at all', async () => {
    const { post, now } = await open({ maxSeries: 25 });
    await post('/v1/llm', { model: 'small', output_tokens: 1, duration_seconds: 1 });
    expect(
      await post('/v1/llm', { model: 'large-1', provider: 'acme', output_tokens: 1, duration_seconds: 1 }),
    ).toMatchObject({
      status: 400,
      body: expect.stringContaining('too many series'),
    });
    const samples = await now();
    expect(samples['llm_dropped_calls_total{why="too many series"}']).toBe(1);
    expect(samples['llm_cost_usd_total{model="small"}']).toBeGreaterThan(0);
    expect(samples['llm_cost_usd_total{model="large-1",provider="acme"}'] ?? 0).toBe(0);
    expect(samples['llm_calls_total{model="large-1",provider="acme"}'] ?? 0).toBe(0);
  });
});

test('training code pushes the quality of a model', async () => {
  const { post, now } = await open();
  const run = { model: 'churn', run: 'r7' };
  expect(
    await post('/v1/models', { ...run, split: 'test', accuracy: 0.93 }, { ...run, loss: 0.12, step: 1_200 }),
  ).toMatchObject({ status: 204 });
  expect(await now()).toMatchObject({
    'model_accuracy_ratio{model="churn",run="r7",split="test"}': 0.93,
    'model_loss{model="churn",run="r7"}': 0.12,
    'model_step{model="churn",run="r7"}': 1_200,
  });
  expect(await post('/v1/models', { model: 'churn', accuracy: 93 })).toMatchObject({ status: 400 });
});

const resource = resourceFromAttributes({ 'service.name': 'shop', 'service.instance.id': '1' });

/** Sends spans as the SDK of OpenTelemetry does. */
async function sendSpans(
  url: string,
  spans: readonly { name: string; attributes: Attributes; kind?: SpanKind; failed?: boolean }[],
) {
  const exporter = new OTLPTraceExporter({ url: `${url}/v1/traces` });
  const provider = new TracerProvider({ resource, spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  for (const { name, attributes, kind = SpanKind.CLIENT, failed = false } of spans) {
    const span = provider.getTracer('test').startSpan(name, { kind, attributes, startTime: [1_764_000_000, 0] });
    if (failed) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end([1_764_000_000, 300_000_000]);
  }
  await provider.forceFlush();
  await provider.shutdown();
}

const chat: Attributes = {
  'gen_ai.operation.name': 'chat',
  'gen_ai.provider.name': 'acme',
  'gen_ai.request.model': 'large-latest',
  'gen_ai.response.model': 'large-2025-11-01',
  'gen_ai.usage.input_tokens': 2_000,
  'gen_ai.usage.cache_read.input_tokens': 500,
  'gen_ai.usage.output_tokens': 100,
};

describe('what OpenTelemetry tells of generative AI', () => {
  test('in spans: calls, tools and runs of agents', async () => {
    const { url, now } = await open();
    await sendSpans(url, [
      { name: 'chat', attributes: { ...chat, 'gen_ai.agent.name': 'helper' } },
      { name: 'chat', attributes: { ...chat, 'gen_ai.agent.name': 'helper' }, failed: true },
      {
        name: 'execute_tool',
        attributes: { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'search' },
        kind: SpanKind.INTERNAL,
      },
      // The sum of its calls, which were counted each.
      {
        name: 'invoke_agent',
        attributes: { ...chat, 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.agent.name': 'helper' },
      },
      { name: 'server side of a call', attributes: chat, kind: SpanKind.SERVER },
      { name: 'GET /', attributes: { 'http.request.method': 'GET' } },
    ]);
    const of = 'agent="helper",model="large-latest",provider="acme"';
    const samples = await now();
    expect(samples).toMatchObject({
      [`llm_calls_total{${of}}`]: 2,
      'llm_errors_total{agent="helper",error="error",model="large-latest",provider="acme"}': 1,
      [`llm_tokens_total{${of},type="input"}`]: 3_000,
      [`llm_tokens_total{${of},type="cached"}`]: 1_000,
      [`llm_tokens_total{${of},type="output"}`]: 200,
      // Twice (1500 x 3 + 500 x 0.3 + 100 x 15) / 1000000.
      [`llm_cost_usd_total{${of}}`]: 0.0123,
      'llm_call_duration_seconds_bucket{le="0.32",model="large-latest",operation="chat",provider="acme"}': 2,
      'llm_agent_runs_total{agent="helper"}': 1,
      'llm_tool_runs_total{agent="shop",tool="search"}': 1,
      'llm_tool_seconds_total{agent="shop",tool="search"}': 0.3,
    });
    expect(Object.keys(samples).filter((name) => name.startsWith('llm_calls_total')).length).toBe(1);
  });

  test('in spans with the names of before', async () => {
    const { url, now } = await open();
    const attributes = {
      'gen_ai.system': 'acme',
      'gen_ai.request.model': 'small',
      'gen_ai.usage.prompt_tokens': 4,
      'gen_ai.usage.completion_tokens': 2,
    };
    await sendSpans(url, [{ name: 'old', attributes }]);
    expect(await now()).toMatchObject({
      'llm_tokens_total{agent="shop",model="small",provider="acme",type="input"}': 4,
      'llm_tokens_total{agent="shop",model="small",provider="acme",type="output"}': 2,
    });
  });

  /** An application that measures its calls, and exports when it is asked to. */
  function metering(url: string, temporality: AggregationTemporality) {
    const exporter = new OTLPMetricExporter({ url: `${url}/v1/metrics`, temporalityPreference: temporality });
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
    const provider = new MeterProvider({ resource, readers: [reader] });
    onTestFinished(() => provider.shutdown().catch(() => {}));
    const meter = provider.getMeter('test');
    const tokens = meter.createHistogram('gen_ai.client.token.usage', { unit: '{token}' });
    const duration = meter.createHistogram('gen_ai.client.operation.duration', {
      unit: 's',
      advice: { explicitBucketBoundaries: [...callDuration.bounds] },
    });
    const who = { 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'acme', 'gen_ai.request.model': 'large-1' };
    return {
      call(error?: string) {
        tokens.record(1_000, { ...who, 'gen_ai.token.type': 'input' });
        tokens.record(10, { ...who, 'gen_ai.token.type': 'output' });
        duration.record(0.5, error === undefined ? who : { ...who, 'error.type': error });
      },
      export: () => provider.forceFlush(),
    };
  }

  test.each([
    ['cumulative', AggregationTemporality.CUMULATIVE],
    ['delta', AggregationTemporality.DELTA],
  ])('in %s metrics: calls, tokens and their cost', async (_, temporality) => {
    const { url, now } = await open();
    const application = metering(url, temporality);
    const of = 'agent="shop",model="large-1",provider="acme"';
    for (let round = 1; round <= 2; round++) {
      application.call();
      application.call('timeout');
      await application.export();
      expect(await now()).toMatchObject({
        [`llm_calls_total{${of}}`]: 2 * round,
        'llm_errors_total{agent="shop",error="timeout",model="large-1",provider="acme"}': round,
        [`llm_tokens_total{${of},type="input"}`]: 2_000 * round,
        [`llm_tokens_total{${of},type="output"}`]: 20 * round,
        [`llm_cost_usd_total{${of}}`]: 0.0063 * round,
        'llm_call_duration_seconds_bucket{le="0.64",model="large-1",operation="chat",provider="acme"}': 2 * round,
        'llm_call_duration_seconds_bucket{le="0.32",model="large-1",operation="chat",provider="acme"}': 0,
      });
    }
  });

  test('twice, as spans and as metrics, is counted once', async () => {
    const { url, now } = await open();
    await sendSpans(url, [{ name: 'chat', attributes: { ...chat, 'gen_ai.request.model': 'large-1' } }]);
    const application = metering(url, AggregationTemporality.CUMULATIVE);
    application.call();
    await application.export();
    expect(await now()).toMatchObject({ 'llm_calls_total{agent="shop",model="large-1",provider="acme"}': 1 });
  });

  test('reaches llm and otlp through one port', async () => {
    const host = createHost();
    const listen = `127.0.0.1:${await freePort()}`;
    const both = [openPlugin(otlp, { listen }, host), openPlugin(llm, { listen, prices }, host)] as const;
    onTestFinished(() => void Promise.all(both.map((plugin) => plugin.close())));
    for (const plugin of both) await plugin.scrape();
    const application = metering(`http://${listen}`, AggregationTemporality.CUMULATIVE);
    application.call();
    await application.export();
    const name = 'gen_ai_operation_name="chat",gen_ai_provider_name="acme",gen_ai_request_model="large-1"';
    expect(await both[0].scrape()).toMatchObject({
      [`gen_ai_client_operation_duration_seconds_count{${name},instance="1",job="shop"}`]: 1,
    });
    await both[1].scrape();
    expect(await both[1].scrape()).toMatchObject({
      'llm_calls_total{agent="shop",model="large-1",provider="acme"}': 1,
    });
  });
});

test('an application that ran before is counted from its first export on', async () => {
  const { post, url, now } = await open();
  expect(url).toContain('127.0.0.1');
  const body = (count: number, startMs: number, timeMs: number) => ({
    resourceMetrics: [
      {
        scopeMetrics: [
          {
            metrics: [
              {
                name: 'gen_ai.client.operation.duration',
                unit: 's',
                histogram: {
                  aggregationTemporality: 2,
                  dataPoints: [
                    {
                      attributes: [{ key: 'gen_ai.request.model', value: { stringValue: 'small' } }],
                      startTimeUnixNano: `${startMs}000000`,
                      timeUnixNano: `${timeMs}000000`,
                      count,
                      sum: count,
                    },
                  ],
                },
              },
            ],
          },
        ],
      },
    ],
  });
  const dayMs = 86_400_000;
  const began = 1_764_000_000_000;
  const send = (count: number, startMs: number, timeMs: number) =>
    postTo(Number(new URL(url).port), '/v1/metrics', JSON.stringify(body(count, startMs, timeMs)), {
      'content-type': 'application/json',
    });
  expect(await send(1_000_000, began, began + dayMs)).toMatchObject({
    status: 200,
    body: expect.stringContaining('turn otlp on'),
  });
  expect((await now())['llm_calls_total{model="small"}']).toBeUndefined();
  await send(1_000_003, began, began + dayMs + 1_000);
  // Sent again, since its answer was lost.
  await send(1_000_003, began, began + dayMs + 1_000);
  expect((await now())['llm_calls_total{model="small"}']).toBe(3);
  // It was started again: counting begins at 0.
  await send(2, began + dayMs + 2_000, began + dayMs + 3_000);
  expect((await now())['llm_calls_total{model="small"}']).toBe(5);
  expect(await post('/v1/llm', { model: 'small' })).toMatchObject({ status: 204 });
});

describe('prices', () => {
  const table = [
    { model: 'large-*', provider: 'acme', input: 3, output: 15 },
    { model: '*', provider: 'local', input: 0, output: 0 },
    { model: 'large-1', input: 9, output: 9 },
  ].map((price) => priceSetting.parse(price));

  test('the first that fits counts, for the model that answered before the one that was asked for', () => {
    const findPrice = createPrices(table);
    expect(findPrice('acme', ['large-2025', 'x'])).toBe(table[0]);
    expect(findPrice('local', ['', 'any'])).toBe(table[1]);
    expect(findPrice('other', ['', 'LARGE-1'])).toBe(table[2]);
    expect(findPrice('acme', ['unknown', 'large-1'])).toBe(table[0]);
    expect(findPrice('acme', ['unknown', 'unknown'])).toBeUndefined();
  });

  test.each([
    ['*', '', true],
    ['a*', 'abc', true],
    ['*c', 'abc', true],
    ['a*c', 'ac', true],
    ['a*c', 'acb', false],
    ['ab*bc', 'abc', false],
    ['a*b*c', 'a-b-b-c', true],
    ['abc', 'abcd', false],
    ['gpt.4', 'gptx4', false],
  ])('%s fits %s: %s', (pattern, name, expected) => {
    expect(matches(pattern, name)).toBe(expected);
  });

  test('a pattern of many stars takes no time', () => {
    expect(matches('*a'.repeat(90) + '*b', 'a'.repeat(100_000))).toBe(false);
  });

  test('a cost is the sum of tokens times prices, and never more than all at the dearest', () => {
    const tokens = fc.nat(1_000_000);
    const price = fc.double({ min: 0, max: 100, noNaN: true });
    fc.assert(
      fc.property(tokens, tokens, tokens, tokens, price, price, price, (input, cached, written, output, a, b, c) => {
        const total = input + cached + written;
        const counts = tokenCounts(total, cached, written, output);
        expect(counts.input + counts.cached + counts.cacheWrite + counts.output).toBe(total + output);
        const cost = costOf(counts, { model: '*', provider: '*', input: a, output: b, cachedInput: c });
        expect(cost).toBeCloseTo(((input + written) * a + cached * c + output * b) / 1e6, 6);
        expect(cost).toBeLessThanOrEqual(((total + output) * Math.max(a, b, c)) / 1e6 + 1e-9);
      }),
    );
  });

  test('without a price for cached tokens they cost as others do', () => {
    const plain = priceSetting.parse({ model: '*', input: 2, output: 0 });
    expect(costOf(tokenCounts(1_000_000, 400_000, 100_000, 0), plain)).toBe(2);
  });

  test('a price below zero is refused by its name', () => {
    expect(() => llm.checkConfig({ prices: [{ model: 'x', input: -1, output: 0 }] })).toThrow('llm.prices.0.input');
  });
});

test('other buckets than ours never make a call look shorter', () => {
  const counts = rebucket([1, 2, 3, 4], [0.005, 0.3, 50], callDuration);
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(10);
  expect(counts[callDuration.bounds.indexOf(0.01)]).toBe(1);
  expect(counts[callDuration.bounds.indexOf(0.32)]).toBe(2);
  expect(counts[callDuration.bounds.indexOf(81.92)]).toBe(3);
  expect(counts.at(-1)).toBe(4);
});

test('sums of the last minute forget what is older, and end after an hour', () => {
  let time = 1_000_000;
  const recent = createRecent(['n'], { maxGroups: 2, now: () => time });
  const sums = () => [...recent.sums()].map(([{ id }, { n }]) => [id, n]);
  recent.add({ id: 'a' }, { n: 1 });
  time += 30_000;
  recent.add({ id: 'a' }, { n: 10 });
  recent.add({ id: 'b' }, { n: 5 });
  recent.add({ id: 'c' }, { n: 7 });
  expect(sums()).toEqual([
    ['a', 11],
    ['b', 5],
  ]);
  time += 40_000;
  expect(sums()).toEqual([
    ['a', 10],
    ['b', 5],
  ]);
  time += 60_000;
  expect(sums()).toEqual([
    ['a', 0],
    ['b', 0],
  ]);
  time += 3_600_000;
  expect(sums()).toEqual([]);
  recent.add({ id: 'c' }, { n: 7 });
  expect(sums()).toEqual([['c', 7]]);
});

test('nothing listens unless it is told where', async () => {
  expect(await llm.probe?.({}, createHost())).toBe('it has no address to listen on');
});
