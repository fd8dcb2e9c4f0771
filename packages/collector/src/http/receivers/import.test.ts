import { afterAll, expect, test } from 'vitest';
import { startDoorServer } from './testing.ts';

const server = await startDoorServer();
afterAll(() => server.close());
// A little ago: a query now does not see what is later.
const now = Math.floor(Date.now() / 1000 - 30) * 1000;
const hour = 3_600_000;

async function send(
  format: string,
  text: string,
  { type = 'text/plain', query = '' } = {},
): Promise<{ readonly status: number; readonly body: unknown }> {
  const response = await fetch(`${server.url}/v1/import/${format}${query}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${server.sender}`, 'content-type': type },
    body: text,
  });
  return { status: response.status, body: await response.json() };
}

test('Prometheus text fills in what was, days ago, and says what metrics are', async () => {
  const times = [now - 72 * hour, now - 70 * hour, now - 30_000];
  const lines = times.map((time, index) => `old_seconds_total{host="db-1",job="x"} ${index} ${time}`);
  const text = `# HELP old_seconds_total Time.\n# TYPE old_seconds_total counter\n${lines.join('\n')}\n`;
  expect(await send('prometheus', text)).toEqual({ status: 200, body: { stored: 3 } });
  const scope = await server.storage.tenants.ensure('default');
  const [series] = await server.storage.series.candidates(scope, [
    { label: '__name__', op: '=', value: 'old_seconds_total' },
  ]);
  expect(series).toMatchObject({ host: 'db-1', kind: 'counter', unit: 'seconds' });
  expect(await server.samples('old_seconds_total', '30d')).toEqual({
    'old_seconds_total{host=db-1,job=x}': times.map((time, index) => [time, String(index)]),
  });
});

test('OpenMetrics and JSON lines are taken too; what has no time is now, and ?host= says whose it is', async () => {
  const openMetrics = `om_value{a="b"} 5 ${(now - 1000) / 1000}\n# EOF\n`;
  const type = 'application/openmetrics-text; version=1.0.0';
  expect(await send('prometheus', openMetrics, { type, query: '?host=box' })).toEqual({
    status: 200,
    body: { stored: 1 },
  });
  expect(await send('json', '{"name":"json_value","value":6,"labels":{"host":"box"}}')).toMatchObject({ status: 200 });
  expect(await server.samples('om_value')).toEqual({ 'om_value{a=b,host=box}': [[now - 1000, '5']] });
  expect(await server.now('json_value')).toEqual({ 'json_value{host=box}': '6' });
});

test('a Prometheus text counts whole or not at all; of JSON lines the good ones are stored', async () => {
  expect(await send('prometheus', 'whole 1\nwhole two\n')).toMatchObject({
    status: 400,
    body: { code: 'format/syntax', detail: expect.stringMatching(/^line 2, column 7: /u) },
  });
  expect(await send('json', `{"name":"whole_json","value":1}\n{"name":1}\n`)).toMatchObject({
    status: 400,
    body: {
      code: 'receive/rejected',
      detail: expect.stringMatching(/^1 samples stored, 0 not taken, 1 lines not read: line 2, column 9/u),
    },
  });
  expect(await server.now('{__name__=~"whole.*"}')).toEqual({ 'whole_json{host=import}': '1' });
});

test('what is older than samples are kept, or in the future, is not taken', async () => {
  const text = `never 1 ${now - 40 * 24 * hour}\nnever 2 ${now + hour}\n`;
  expect(await send('prometheus', text)).toMatchObject({
    status: 400,
    body: { detail: expect.stringMatching(/^0 samples stored, 2 not taken/u) },
  });
  expect(await server.samples('never')).toEqual({});
});

test('many samples of one series become as many batches as it takes', async () => {
  const count = 9_000;
  const text = Array.from({ length: count }, (_, index) => `dense ${index} ${now - (count - index) * 1000}`).join('\n');
  expect(await send('prometheus', text)).toEqual({ status: 200, body: { stored: count } });
  expect(await server.now('count_over_time(dense[1d])')).toEqual({ '{host=import}': String(count) });
});
