import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createCollectorSource } from './collector-source.ts';
import type { SocketHandlers } from './socket.ts';
import { createTokenKeeper } from './token-keeper.ts';

beforeEach(() => void vi.useFakeTimers({ now: 1_700_000_000_000 }));
afterEach(() => void vi.useRealTimers());

const host = { host: 'db-1', series: 3, state: 'up' };

/** A collector of canned answers, path (without parameters) to status and body; the rest is an empty 200. */
function stage(answers: Record<string, [status: number, body: unknown]>, token?: string) {
  const asked: string[] = [];
  let handlers: SocketHandlers | undefined;
  const source = createCollectorSource({
    baseUrl: '',
    tokens: token === undefined ? undefined : createTokenKeeper({ getToken: () => Promise.resolve(token) }),
    fetch(url) {
      const path = url.replace(/\?.*/u, '');
      asked.push(path);
      const [status, body] = answers[path] ?? [200, {}];
      return Promise.resolve(Response.json(body, { status }));
    },
    openSocket(given) {
      handlers = given;
      return { open: true, send: () => undefined, close: () => undefined };
    },
  });
  return { source, asked, answers, socket: () => handlers ?? expect.unreachable() };
}

test('hosts are asked for while somebody shows them', async () => {
  const { source, asked } = stage({ '/v1/hosts': [200, { hosts: [host] }] });
  source.start();
  const leave = source.hosts.subscribe(() => undefined);
  await vi.advanceTimersByTimeAsync(0);
  expect(source.hosts.value).toEqual({ kind: 'ready', value: [host] });
  leave();
  const before = asked.length;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked.slice(before).filter((path) => path === '/v1/hosts')).toEqual([]);
  source.stop();
});

test('without a session the page is signed out, asks no more, and goes on after a sign-in', async () => {
  const refused: [number, unknown] = [401, { code: 'auth/missing', detail: 'no session', retryable: false }];
  const { source, asked, answers } = stage({ '/v1/hosts': refused, '/v1/alerts': refused });
  source.start();
  source.hosts.subscribe(() => undefined);
  await vi.advanceTimersByTimeAsync(0);
  expect(source.connection.value.kind).toBe('signed-out');
  const before = asked.length;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toHaveLength(before);
  answers['/v1/hosts'] = [200, { hosts: [host] }];
  answers['/v1/alerts'] = [200, { alerts: [] }];
  source.retry();
  await vi.advanceTimersByTimeAsync(0);
  expect(source.hosts.value.kind).toBe('ready');
  expect(source.connection.value.kind).not.toBe('signed-out');
  source.stop();
});

test('a refused socket asks whether there is a session: only that tells signed out from offline', async () => {
  const { source, answers, socket } = stage({});
  source.start();
  await vi.advanceTimersByTimeAsync(0);
  socket().closed(1006);
  await vi.advanceTimersByTimeAsync(0);
  expect(source.connection.value.kind).toBe('offline');
  answers['/v1/session'] = [401, {}];
  await vi.advanceTimersByTimeAsync(30_000);
  socket().closed(1006);
  await vi.advanceTimersByTimeAsync(0);
  expect(source.connection.value.kind).toBe('signed-out');
  source.stop();
});

test('a list that fails says the collector’s own words, and what was shown before stays', async () => {
  const error = { code: 'storage/unavailable', message: 'the database does not answer', retryable: true };
  const { message: detail, ...rest } = error;
  const { source, answers } = stage({ '/v1/hosts': [503, { ...rest, detail }] });
  source.start();
  source.hosts.subscribe(() => undefined);
  await vi.advanceTimersByTimeAsync(0);
  expect(source.hosts.value).toMatchObject({ kind: 'failed', error });
  answers['/v1/hosts'] = [200, { hosts: [host] }];
  await vi.advanceTimersByTimeAsync(5_000);
  answers['/v1/hosts'] = [503, { ...rest, detail }];
  await vi.advanceTimersByTimeAsync(5_000);
  expect(source.hosts.value.kind).toBe('ready');
  source.stop();
});

const tokenOf = (header: object): string => `${btoa(JSON.stringify(header)).replaceAll('=', '')}.e30.x`;

test('with a token for some series alone nothing else is asked for: what the collector refuses is an error in the console', async () => {
  const { source, asked, socket } = stage({}, tokenOf({ alg: 'EdDSA', typ: 'view+jwt' }));
  source.start();
  source.hosts.subscribe(() => undefined);
  source.alerts.subscribe(() => undefined);
  await vi.advanceTimersByTimeAsync(0);
  socket().opened();
  socket().text(JSON.stringify({ type: 'welcome', now: Date.now(), tenant: 'default' }));
  await vi.advanceTimersByTimeAsync(20_000);
  expect(asked).toEqual([]);
  for (const list of [source.hosts, source.alerts])
    expect(list.value).toMatchObject({ kind: 'failed', error: { code: 'auth/scope' } });
  await expect(source.api.get('/v1/anomalies?start=0&end=1')).rejects.toMatchObject({ status: 403 });
  await source.api.get('/v1/query_range?query=up&start=0&end=1');
  await source.api.get('/v1/series?query=up');
  expect(asked).toEqual(['/v1/query_range', '/v1/series']);
  source.stop();
});

test('with a token that stands for a key all is asked for', async () => {
  const { source, asked } = stage({ '/v1/alerts': [200, { alerts: [] }] }, tokenOf({ alg: 'EdDSA', typ: 'at+jwt' }));
  source.start();
  await vi.advanceTimersByTimeAsync(0);
  expect(asked).toContain('/v1/alerts');
  source.stop();
});

test('an alert that comes live takes the place of its older state', async () => {
  const firing = { id: 'a', state: { kind: 'firing', since: 1, value: 1 } };
  const { source, socket } = stage({ '/v1/alerts': [200, { alerts: [firing] }] });
  source.start();
  source.alerts.subscribe(() => undefined);
  await vi.advanceTimersByTimeAsync(0);
  const resolved = { id: 'a', state: { kind: 'resolved', since: 1, resolvedAt: 2, value: 1 } };
  socket().text(JSON.stringify({ type: 'alert', alert: resolved }));
  expect(source.alerts.value).toEqual({ kind: 'ready', value: [resolved] });
  source.stop();
});

test('when no live connection can be made, samples are asked for every few seconds, and it says so', async () => {
  const answer = { data: { result: [{ metric: { __name__: 'load', host: 'a' }, values: [[1_700_000_000, '7']] }] } };
  const { source, socket, asked } = stage({
    '/v1/query_range': [200, answer],
    '/v1/series': [200, { series: [{ name: 'load', kind: 'gauge', unit: 'ratio' }] }],
  });
  source.start();
  const changed = vi.fn();
  const subscription = source.watch({ selector: 'load', windowMs: 300_000 }, changed);
  for (let attempt = 0; attempt < 3; attempt++) {
    socket().closed(1006);
    await vi.advanceTimersByTimeAsync(2_000);
  }
  expect(source.connection.value.kind).toBe('offline');
  await vi.advanceTimersByTimeAsync(6_000);
  expect(source.connection.value.kind).toBe('polling');
  expect(asked).toContain('/v1/query_range');
  expect([...(subscription.series[0]?.column.values ?? [])]).toEqual([7]);
  // Without it an axis would say 0.75 in place of 75 %.
  expect(subscription.series[0]?.unit).toBe('ratio');
  expect(changed).toHaveBeenCalled();
  source.stop();
});
