import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { postTo } from '../doors/testing.ts';
import { createHost } from '../host/host.ts';
import { httpRequestOnce } from '../host/http-request.ts';
import { freePort, temporaryFolder } from '../testing-servers.ts';
import { openPlugin } from '../testing.ts';
import { json } from './json.ts';

async function open(config: Record<string, unknown> = {}) {
  const port = await freePort();
  const plugin = openPlugin(json, { listen: `127.0.0.1:${port}`, ...config });
  await plugin.scrape();
  onTestFinished(() => plugin.close());
  return { ...plugin, post: (body: string, headers = {}) => postTo(port, '/v1/lines', body, headers) };
}

const line = (name: string, value: number, more: object = {}): string => JSON.stringify({ name, value, ...more });

test('lines are taken, the last value of each series counts, and it is put out until it is idle', async () => {
  const { post, scrape } = await open();
  const lines = [line('queue_length', 5), line('queue_length', 3), line('sent_total', 10, { labels: { to: 'ann' } })];
  expect(await post(lines.join('\n'))).toMatchObject({ status: 204, body: '' });
  for (let tick = 0; tick < 2; tick++)
    expect(await scrape()).toMatchObject({
      queue_length: 3,
      'sent_total{to="ann"}': 10,
      json_lines_total: 3,
      json_series: 2,
    });
});

test('a bad line costs only itself, and the sender is told why', async () => {
  const { post, scrape } = await open();
  const answer = await post(
    `${line('good', 1)}\n{"name":"bad"}\n${line('good_total', 1)}\n${line('good_total', 2, { kind: 'gauge' })}\n`,
  );
  expect(answer).toMatchObject({
    status: 200,
    headers: expect.objectContaining({ 'content-type': 'application/json' }),
  });
  expect(JSON.parse(answer.body)).toEqual({
    taken: 2,
    refused: 2,
    errors: [
      expect.stringMatching(/^line 2, column 1: expected an object with name and value/u),
      'good_total: another kind',
    ],
  });
  expect(await post('nonsense')).toMatchObject({ status: 400 });
  expect(await scrape()).toMatchObject({
    good: 1,
    good_total: 1,
    'json_dropped_total{why="malformed"}': 2,
    'json_dropped_total{why="another kind"}': 1,
    'json_answers_total{status="200"}': 1,
    'json_answers_total{status="400"}': 1,
  });
});

test('no more series than set are taken, and the log is told once', async () => {
  const { post, scrape, warnings } = await open({ maxSeries: 10 });
  const lines = Array.from({ length: 1_000 }, (_, n) => line('a', n, { labels: { n } }));
  expect(await post(lines.join('\n'))).toMatchObject({ status: 200, body: expect.stringContaining('too many series') });
  const samples = await scrape();
  expect(Object.keys(samples).filter((name) => name.startsWith('a{')).length).toBe(10);
  expect(samples['json_dropped_total{why="too many series"}']).toBe(990);
  expect(warnings).toEqual(['too many series: the first sample left out is of a{n="10"}']);
});

test('its own metrics can not be pushed, nor can another host be claimed', async () => {
  const { post, scrape } = await open();
  await post(`${line('json_lines_total', 1e9)}\n${line('x', 1, { labels: { host: 'other' } })}`);
  expect(await scrape()).toMatchObject({ json_lines_total: 1, 'x{exported_host="other"}': 1 });
});

test('more lines than allowed are asked to come later', async () => {
  const { post } = await open({ maxLinesPerSecond: 5 });
  expect(await post(`${line('a', 1)}\n`.repeat(6))).toMatchObject({
    status: 429,
    headers: expect.objectContaining({ 'retry-after': '1' }),
  });
  expect(await post(`${line('a', 1)}\n`.repeat(5))).toMatchObject({ status: 204 });
});

test('web pages are refused', async () => {
  const { post, scrape } = await open();
  expect(await post(line('a', 1), { origin: 'https://evil.example' })).toMatchObject({ status: 403 });
  expect(await scrape()).toMatchObject({ 'json_answers_total{status="403"}': 1, json_series: 0 });
});

test('lines are taken on a unix socket', async () => {
  const socket = `${temporaryFolder()}/json.sock`;
  const { scrape } = await open({ socket });
  const client = connect(socket, () => client.end(`${line('a', 1)}\n${line('b', 2)}`));
  await expect.poll(scrape, { timeout: 20_000 }).toMatchObject({ a: 1, b: 2, json_lines_total: 2 });
});

test('HTTP is taken on a unix socket, too', async () => {
  const socketPath = `${temporaryFolder()}/json.http`;
  const plugin = openPlugin(json, { listen: socketPath });
  await plugin.scrape();
  onTestFinished(() => plugin.close());
  const answer = await httpRequestOnce({
    url: 'http://localhost/v1/lines',
    method: 'POST',
    body: line('a', 1),
    socketPath,
    timeoutMs: 10_000,
  });
  expect(answer.status).toBe(204);
  expect(await plugin.scrape()).toMatchObject({ a: 1 });
});

test('nothing listens unless it is told where', async () => {
  expect(await json.probe?.({}, createHost())).toBe('it has no address to listen on');
});
