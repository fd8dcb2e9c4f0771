import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ForecastResponse } from '@tarsier/protocol/api';
import { startTestServer } from './testing.ts';

const server = await startTestServer();
afterAll(() => server.close());
const admin = await server.key('default', 'admin');
const reader = await server.key('default', 'read');
const ingest = await server.key('default', 'ingest');

const minuteMs = 60_000;
const minutes = 200;
const newest = Math.floor(Date.now() / minuteMs) * minuteMs;

beforeAll(async () => {
  const lines = Array.from({ length: minutes }, (_, back) => {
    const at = newest - back * minuteMs;
    return [
      `disk_used_ratio{host="db",mount="/"} ${0.9 - back * 0.001} ${at}`,
      `spent_dollars_total{host="db"} ${1000 - back * 2} ${at}`,
      ...(back < 5 ? [`young{host="db"} 1 ${at}`] : []),
    ];
  });
  const response = await fetch(`${server.url}/v1/import/prometheus`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ingest}`, 'content-type': 'text/plain' },
    body: `${lines.flat().join('\n')}\n`,
  });
  expect(response.status).toBeLessThan(300);
});

async function ask(parameters: Readonly<Record<string, string>>, key = reader) {
  const response = await fetch(`${server.url}/v1/forecast?${new URLSearchParams(parameters)}`, {
    headers: { authorization: `Bearer ${key}` },
  });
  return { status: response.status, body: (await response.json()) as ForecastResponse };
}

test('a stored series is gone on with, and says when it reaches a limit', async () => {
  const { status, body } = await ask({
    query: 'disk_used_ratio',
    horizon: '3h',
    step: '2m',
    history: '3h',
    limit: '0.95',
  });
  expect(status).toBe(200);
  const [forecast] = body.forecasts;
  expect(forecast).toMatchObject({ metric: { __name__: 'disk_used_ratio', host: 'db', mount: '/' } });
  expect(forecast?.median).toHaveLength(90);
  expect(forecast?.crossing?.direction).toBe('above');
  // A thousandth each minute: 0.95 is 50 minutes away.
  expect(Math.abs((forecast?.crossing?.at ?? 0) - newest - 50 * minuteMs)).toBeLessThan(6 * minuteMs);
  for (const [step, low] of (forecast?.low ?? []).entries()) {
    expect(low).toBeLessThanOrEqual(forecast?.high[step] ?? -Infinity);
  }
});

test('an expression is gone on with, too; what is too young is left out with a reason', async () => {
  const { body } = await ask({ query: 'rate(spent_dollars_total[10m])', horizon: '1h', step: '1m', history: '2h' });
  expect(body.forecasts[0]?.median.at(-1)).toBeCloseTo(2 / 60, 3);
  const young = await ask({ query: 'young', horizon: '1h', step: '1m' });
  expect(young.body.forecasts).toEqual([]);
  expect(young.body.skipped).toMatchObject([
    { metric: { __name__: 'young' }, reason: expect.stringMatching(/values/u) },
  ]);
  expect((await ask({ query: 'nothing', horizon: '1h' })).body).toMatchObject({ forecasts: [], skipped: [] });
});

test('another tenant has nothing of it', async () => {
  const other = await server.key('other', 'read');
  expect((await ask({ query: 'disk_used_ratio', horizon: '1h' }, other)).body.forecasts).toEqual([]);
  expect((await ask({ query: 'disk_used_ratio', horizon: '1h' }, admin)).body.forecasts).toHaveLength(1);
});

test.each([
  [{ query: 'up' }, 'http/parameter', 'horizon'],
  [{ query: 'up', horizon: 'soon' }, 'http/parameter', 'horizon'],
  [{ query: 'up', horizon: '1000d' }, 'http/parameter', 'horizon'],
  [{ query: 'up', horizon: '1h', step: '2h' }, 'http/parameter', 'step'],
  [{ query: 'up', horizon: '30d', step: '1s' }, 'http/parameter', 'step'],
  [{ query: 'up', horizon: '1h', confidence: '1' }, 'http/parameter', 'confidence'],
  [{ query: 'up', horizon: '1h', limit: 'full' }, 'http/parameter', 'limit'],
  [{ query: 'up', horizon: '1h', direction: 'above' }, 'http/parameter', 'limit'],
  [{ query: 'up', horizon: '10m', step: '1s', history: '10h' }, 'forecast/history', 'history'],
  [{ query: 'up{', horizon: '1h' }, 'query/parse', 'query'],
] as const)('%o is refused, and told where', async (parameters, code, field) => {
  expect(await ask(parameters)).toMatchObject({ status: 400, body: { code, field } });
});
