import { encodeLiveFrame } from '@tarsier/protocol/live';
import type { LiveMessage, LiveRequest } from '@tarsier/protocol/live';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createLiveClient } from './live-client.ts';
import { createTokenKeeper } from './token-keeper.ts';
import type { TokenKeeper } from './token-keeper.ts';
import type { Span } from './time-range.ts';
import type { SocketHandlers } from './socket.ts';

beforeEach(() => void vi.useFakeTimers({ now: 1_700_000_000_000 }));
afterEach(() => void vi.useRealTimers());

/** The collector's end of a connection. */
interface Peer {
  readonly received: LiveRequest[];
  closedByClient: boolean;
  say(message: LiveMessage): void;
  frame(kind: 'snap' | 'delta', id: number, times: number[], values: number[], ref?: number): void;
  open(): void;
  welcome(skewMs?: number): void;
  drop(code?: number): void;
}

function connectTo(peers: Peer[], handlers: SocketHandlers) {
  let open = true;
  const peer: Peer = {
    received: [],
    closedByClient: false,
    say: (message) => handlers.text(JSON.stringify(message)),
    frame(kind, id, times, values, ref = 7) {
      const columns = [{ ref, values: Float64Array.from(values) }];
      handlers.bytes(encodeLiveFrame({ kind, id, groups: [{ times: Float64Array.from(times), columns }] }));
    },
    open: () => handlers.opened(),
    welcome(skewMs = 0) {
      handlers.opened();
      peer.say({ type: 'welcome', now: Date.now() + skewMs, tenant: 'default' });
    },
    drop(code = 1006) {
      open = false;
      handlers.closed(code);
    },
  };
  peers.push(peer);
  return {
    get open() {
      return open;
    },
    // What the client sends is its own LiveRequest, as text.
    send: (text: string) => void peer.received.push(JSON.parse(text) as LiveRequest),
    close() {
      open = false;
      peer.closedByClient = true;
    },
  };
}

function stage(random = 0.5, tokens?: TokenKeeper) {
  const peers: Peer[] = [];
  const alerts: string[] = [];
  const missing: Span[] = [];
  const client = createLiveClient({
    openSocket: (handlers) => connectTo(peers, handlers),
    onAlert: ({ id }) => void alerts.push(id),
    onAnomaly: () => undefined,
    onEvent: () => undefined,
    onMissing: (_, span) => void missing.push(span),
    onWelcome: () => undefined,
    random: () => random,
    tokens,
  });
  client.start();
  const peer = (): Peer => peers.at(-1) ?? expect.unreachable();
  return { client, peers, peer, alerts, missing };
}

const load = { name: 'load', labels: { host: 'a' }, kind: 'gauge', unit: '' } as const;
const query = { selector: 'load', windowMs: 300_000 };

test('hello comes first, subscriptions after the welcome, samples after that', () => {
  const { client, peer } = stage();
  const changes = vi.fn();
  const subscription = client.watch(query, changes);
  peer().welcome();
  expect(peer().received).toEqual([{ type: 'hello' }, { type: 'sub', id: 1, ...query }]);
  peer().say({ type: 'series', id: 1, series: [{ ref: 7, ...load }] });
  expect(subscription.state.kind).toBe('loading');
  peer().frame('snap', 1, [1000, 2000], [1, 2]);
  peer().frame('delta', 1, [3000], [3]);
  expect(subscription.state.kind).toBe('ready');
  expect(subscription.series.map(({ signature, column }) => [signature, ...column.values])).toEqual([
    ['load{host="a"}', 1, 2, 3],
  ]);
  expect(changes).toHaveBeenCalledTimes(2);
});

test('fifty elements that ask the same are one subscription, which ends with the last of them', async () => {
  const { client, peer } = stage();
  peer().welcome();
  const subscriptions = Array.from({ length: 50 }, () => client.watch(query, () => undefined));
  for (const { close } of subscriptions.slice(1)) close();
  expect(peer().received.filter(({ type }) => type !== 'hello')).toEqual([{ type: 'sub', id: 1, ...query }]);
  subscriptions[0]?.close();
  // One that is moved in the document is back at once.
  const moved = client.watch(query, () => undefined);
  await Promise.resolve();
  expect(peer().received).toHaveLength(2);
  moved.close();
  await Promise.resolve();
  expect(peer().received.at(-1)).toEqual({ type: 'unsub', id: 1 });
});

test('a cut is said, the page comes back by itself, and the samples have no gap and no double', () => {
  const { client, peers, peer, missing } = stage();
  const subscription = client.watch(query, () => undefined);
  peer().welcome();
  peer().say({ type: 'series', id: 1, series: [{ ref: 7, ...load }] });
  peer().frame('snap', 1, [1000, 2000, 3000], [1, 2, 3]);
  peer().drop();
  expect(client.connection.value).toMatchObject({ kind: 'offline', attempt: 1, retryAt: Date.now() + 500 });
  vi.advanceTimersByTime(500);
  expect(peers).toHaveLength(2);
  peer().welcome();
  expect(client.connection.value.kind).toBe('live');
  expect(peer().received).toEqual([{ type: 'hello' }, { type: 'sub', id: 1, ...query, since: 3000 }]);
  // After the collector's restart the same series has another ref.
  peer().say({ type: 'series', id: 1, series: [{ ref: 12, ...load }] });
  peer().frame('delta', 1, [3000, 4000, 5000], [3, 4, 5], 12);
  expect([...(subscription.series[0]?.column.values ?? [])]).toEqual([1, 2, 3, 4, 5]);
  // Of the first snapshot, which is shorter than the window.
  expect(missing).toHaveLength(1);
});

test('what an agent could not send at once, and sends while the page is cut off, is there after the cut', () => {
  const { client, peer } = stage();
  const subscription = client.watch(query, () => undefined);
  peer().welcome();
  peer().say({ type: 'series', id: 1, series: [{ ref: 7, ...load }] });
  peer().frame('snap', 1, [1000, 2000, 3000, 4000], [1, 2, 3, 4]);
  // The agent was cut off itself; its newest samples come first.
  peer().frame('delta', 1, [9000, 10_000], [9, 10]);
  peer().drop();
  vi.advanceTimersByTime(500);
  peer().welcome();
  expect(peer().received.at(-1)).toEqual({ type: 'sub', id: 1, ...query, since: 4000 });
  peer().say({ type: 'series', id: 1, series: [{ ref: 7, ...load }] });
  const times = [5000, 6000, 7000, 8000, 9000, 10_000, 11_000];
  peer().frame(
    'delta',
    1,
    times,
    times.map((time) => time / 1000),
  );
  expect([...(subscription.series[0]?.column.values ?? [])]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
});

test('a hole is asked for at each cut while it may still be filled, then it is given up', () => {
  const { client, peer } = stage();
  const subscription = client.watch({ ...query, windowMs: 3_600_000 }, () => undefined);
  const reconnect = (): LiveRequest | undefined => {
    peer().drop();
    vi.advanceTimersByTime(30_000);
    peer().welcome();
    peer().say({ type: 'series', id: 1, series: [{ ref: 7, ...load }] });
    return peer().received.at(-1);
  };
  const seconds = (from: number, to: number): number[] =>
    Array.from({ length: to - from + 1 }, (_, i) => (from + i) * 1000);
  peer().welcome();
  peer().say({ type: 'series', id: 1, series: [{ ref: 7, ...load }] });
  peer().frame('snap', 1, [1000, 2000, 3000, 4000, 9000, 10_000], [1, 2, 3, 4, 9, 10]);
  expect(reconnect()).toMatchObject({ since: 4000 });
  peer().frame('delta', 1, [11_000], [11]);
  // What the agent could not send came in this second cut.
  expect(reconnect()).toMatchObject({ since: 4000 });
  peer().frame('delta', 1, [5000, 6000, 7000, 8000, 12_000, 20_000], [5, 6, 7, 8, 12, 20]);
  expect([...(subscription.series[0]?.column.values ?? [])]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 20]);
  // That one stays: the agent began anew in between.
  peer().frame('delta', 1, seconds(21, 321), seconds(21, 321));
  expect(reconnect()).toMatchObject({ since: 12_000 });
  expect(reconnect()).toMatchObject({ since: 12_000 });
  peer().frame('delta', 1, [322_000], [322]);
  expect(reconnect()).toMatchObject({ since: 322_000 });
});

test('a page that was away for too long is told what was left out: that is asked for elsewhere', () => {
  const { client, peer, missing } = stage();
  const subscription = client.watch(query, () => undefined);
  peer().welcome();
  peer().say({ type: 'series', id: 1, series: [{ ref: 7, ...load }] });
  peer().frame('snap', 1, [1000, 2000], [1, 2]);
  missing.length = 0;
  peer().drop();
  vi.advanceTimersByTime(500);
  peer().welcome();
  peer().say({ type: 'series', id: 1, series: [{ ref: 7, ...load }] });
  peer().say({ type: 'gap', id: 1, from: 2000, to: 9000 });
  peer().frame('snap', 1, [6000, 7000, 8000], [6, 7, 8]);
  expect(missing).toEqual([{ from: 2000, to: 6000 }]);
  const [held] = client.subscriptions;
  const column = { times: Float64Array.of(2000, 3000, 4000, 5000, 6000), values: Float64Array.of(2, 3, 4, 5, 6) };
  held?.fill([{ ...load, column }]);
  expect([...(subscription.series[0]?.column.values ?? [])]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
});

test('of two hosts it goes on from where the slower one stands, and from none that ended', () => {
  const { client, peer } = stage();
  client.watch(query, () => undefined);
  peer().welcome();
  const other = { ...load, labels: { host: 'b' } };
  const ended = { ...load, labels: { host: 'a', device: 'gone' } };
  const series = [
    { ref: 7, ...load },
    { ref: 8, ...other },
    { ref: 9, ...ended },
  ];
  peer().say({ type: 'series', id: 1, series });
  peer().frame('snap', 1, [1000, 9000], [1, 2]);
  peer().frame('delta', 1, [5000], [1], 8);
  peer().frame('delta', 1, [2000], [1], 9);
  peer().drop();
  vi.advanceTimersByTime(500);
  peer().welcome();
  expect(peer().received.at(-1)).toEqual({ type: 'sub', id: 1, ...query, since: 5000 });
});

test('jobs are asked for while somebody shows them, the points of one after those that are known', () => {
  const { client, peer } = stage();
  const heard: string[] = [];
  peer().welcome();
  const list = client.jobs.follow((news) => void heard.push(`list ${news.type}`));
  const training = client.jobs.follow((news) => void heard.push(`training ${news.type}`));
  training.points('j1', 3);
  peer().say({ type: 'job-progress', job: 'j1', number: 4, at: 1, progress: {} });
  peer().drop();
  vi.advanceTimersByTime(500);
  peer().welcome();
  expect(peer().received).toEqual([{ type: 'hello' }, { type: 'jobs', which: { job: 'j1', after: 4, others: true } }]);
  // A token for series alone is refused jobs, and goes on.
  peer().say({ type: 'error', error: { code: 'auth/scope', message: 'of series alone', retryable: false } });
  expect(client.connection.value.kind).toBe('live');
  training.points(undefined);
  training.close();
  list.close();
  expect(peer().received.slice(2)).toEqual([
    { type: 'jobs', which: 'all' },
    { type: 'jobs', which: 'none' },
  ]);
  expect(heard).toEqual(['training job-progress']);
});

test('retries grow apart to half a minute, and a retry by hand is at once', () => {
  const { client, peers, peer } = stage(0.999);
  const waits: number[] = [];
  for (let i = 0; i < 9; i++) {
    peer().drop();
    const { value } = client.connection;
    if (value.kind !== 'offline') expect.unreachable();
    else waits.push(Math.round((value.retryAt - Date.now()) / 1000));
    vi.advanceTimersByTime(30_000);
  }
  expect(waits).toEqual([1, 2, 4, 8, 16, 30, 30, 30, 30]);
  peer().drop();
  const before = peers.length;
  client.start();
  expect(peers).toHaveLength(before + 1);
  // The retry that was due is not made a second time; the silent connection gets its successor in time.
  vi.advanceTimersByTime(40_000);
  expect(peers).toHaveLength(before + 1);
  vi.advanceTimersByTime(50_000);
  expect(peers).toHaveLength(before + 2);
});

test('a connection that went silent is given up within 45 seconds', () => {
  const { client, peer } = stage();
  peer().welcome();
  vi.advanceTimersByTime(15_000);
  expect(peer().received.at(-1)).toMatchObject({ type: 'ping' });
  vi.advanceTimersByTime(30_000);
  expect(client.connection.value.kind).toBe('offline');
});

test('a token that is not good is said as such, and not tried again', () => {
  const { client, peers, peer } = stage();
  peer().drop(4401);
  vi.advanceTimersByTime(120_000);
  expect(client.connection.value.kind).toBe('signed-out');
  expect(peers).toHaveLength(1);
});

test('a selector that cannot be read fails its own chart only', () => {
  const { client, peer } = stage();
  const bad = client.watch({ ...query, selector: '{' }, () => undefined);
  const good = client.watch(query, () => undefined);
  peer().welcome();
  const error = { code: 'query/selector', message: 'expected a label name at 1', retryable: false };
  peer().say({ type: 'error', id: 1, error });
  expect(bad.state).toEqual({ kind: 'failed', error });
  expect(good.state.kind).toBe('loading');
});

test('time is the clock of the collector, not of a laptop that is five minutes off', () => {
  const { client, peer } = stage();
  peer().welcome(-300_000);
  expect(client.now()).toBe(Date.now() - 300_000);
});

test('stopped, it leaves no timer behind', () => {
  const { client, peer } = stage();
  peer().welcome();
  client.stop();
  expect(peer().closedByClient).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
});

test('what a snapshot leaves out is asked for elsewhere, and fills the hole', () => {
  const { client, peer, missing } = stage();
  const subscription = client.watch(query, () => undefined);
  peer().welcome();
  peer().say({ type: 'series', id: 1, series: [{ ref: 7, ...load }] });
  // The collector's window is a minute; five are wanted.
  peer().frame('snap', 1, [600_000, 601_000], [1, 2]);
  expect(missing).toEqual([{ from: 301_000, to: 600_000 }]);
  peer().drop();
  vi.advanceTimersByTime(500);
  peer().welcome();
  peer().say({ type: 'series', id: 1, series: [{ ref: 7, ...load }] });
  peer().frame('snap', 1, [700_000, 701_000], [3, 4]);
  expect(missing.at(-1)).toEqual({ from: 601_000, to: 700_000 });
  const [held] = client.subscriptions;
  held?.fill([{ ...load, column: { times: Float64Array.of(601_000, 650_000), values: Float64Array.of(9, 8) } }]);
  expect([...(subscription.series[0]?.column.values ?? [])]).toEqual([1, 2, 8, 3, 4]);
});

test('a renewed token is told in band: no subscription is made anew, and no sample is lost', async () => {
  let count = 0;
  const tokens = createTokenKeeper({ getToken: () => Promise.resolve(`t${++count}`), monotonic: Date.now });
  const { client, peers, peer } = stage(0.5, tokens);
  client.watch(query, () => undefined);
  const welcome = { type: 'welcome', now: Date.now(), tenant: 'default' } as const;
  peer().open();
  await vi.advanceTimersByTimeAsync(0);
  peer().say(welcome);
  await tokens.renew();
  peer().say(welcome);
  expect(peer().received).toEqual([
    { type: 'hello', token: 't1' },
    { type: 'sub', id: 1, ...query },
    { type: 'hello', token: 't2' },
  ]);
  expect(peers).toHaveLength(1);
  client.dispose();
  tokens.stop();
});

test('a refused token is exchanged once; a second refusal is meant', async () => {
  let count = 0;
  const tokens = createTokenKeeper({ getToken: () => Promise.resolve(`t${++count}`), monotonic: Date.now });
  const { client, peers, peer } = stage(0.5, tokens);
  const refuse = async (): Promise<void> => {
    peer().open();
    await vi.advanceTimersByTimeAsync(0);
    const error = { code: 'auth/token', message: 'this token is not valid: it has expired', retryable: false };
    peer().say({ type: 'error', error });
    peer().drop(4401);
  };
  await refuse();
  // Nothing is cut off: that another token is tried is no more than connecting.
  expect(client.connection.value.kind).toBe('connecting');
  await vi.advanceTimersByTimeAsync(1_000);
  expect(peers).toHaveLength(2);
  await refuse();
  expect(peers.map(({ received }) => received)).toEqual([
    [{ type: 'hello', token: 't1' }],
    [{ type: 'hello', token: 't2' }],
  ]);
  expect(client.connection.value).toMatchObject({ kind: 'signed-out', reason: 'token' });
  await vi.advanceTimersByTimeAsync(120_000);
  expect(peers).toHaveLength(2);
  client.dispose();
  tokens.stop();
});

test('where a page gave out wrong tokens for a while, its next token connects again; each is tried once', async () => {
  let count = 0;
  const getToken = () => Promise.resolve(`t${++count}`);
  const tokens = createTokenKeeper({ getToken, monotonic: Date.now, random: () => 0 });
  const { client, peers, peer } = stage(0.5, tokens);
  const refuse = async (): Promise<void> => {
    peer().open();
    await vi.advanceTimersByTimeAsync(0);
    peer().drop(4401);
  };
  await refuse();
  await vi.advanceTimersByTimeAsync(1_000);
  await refuse();
  await tokens.renew();
  await refuse();
  expect(client.connection.value).toMatchObject({ kind: 'signed-out', reason: 'token' });
  expect(peers).toHaveLength(3);
  // No token says how long it is good: ten minutes are assumed.
  await vi.advanceTimersByTimeAsync(480_000);
  peer().open();
  await vi.advanceTimersByTimeAsync(0);
  peer().say({ type: 'welcome', now: Date.now(), tenant: 'default' });
  expect(client.connection.value.kind).toBe('live');
  expect(peers.map(({ received }) => received[0])).toEqual(
    ['t1', 't2', 't3', 't4'].map((token) => ({ type: 'hello', token })),
  );
  client.dispose();
  tokens.stop();
});

test('a page that rests is not connected by a new token, also when its last one was refused', async () => {
  let count = 0;
  const tokens = createTokenKeeper({ getToken: () => Promise.resolve(`t${++count}`), monotonic: Date.now });
  const { client, peers } = stage(0.5, tokens);
  client.stop(true);
  client.stop();
  await tokens.renew();
  expect(peers).toHaveLength(1);
  client.dispose();
  tokens.stop();
});
