import { TarsierError } from '@tarsier/protocol';
import { decodeLiveFrame, type LiveFrame, type LiveMessage } from '@tarsier/protocol/live';
import { expect, test } from 'vitest';
import { storedSeries } from '../detect/testing.ts';
import { createLiveWindows } from '../ingest/live-window.ts';
import { silentLog } from '../log.ts';
import { createDeltaEncoder } from './frames.ts';
import { createLiveSession, type LiveSessionDeps } from './session.ts';

const metric = { name: 'busy', kind: 'gauge', unit: '', help: '' } as const;
const one = { tenant: { tenantId: 1, tenant: 'one' }, scope: 'read', by: 'key', name: 'test' } as const;
const MiB = 1024 * 1024;

/** Live windows, a clock, and sessions whose network is as slow as `buffered` says. */
function startWindows() {
  const clock = { now: 1_000_000 };
  const windows = createLiveWindows();
  const encodeDelta = createDeltaEncoder();
  const schemas = new Map<string, ReturnType<typeof storedSeries>['schema']>();
  return {
    clock,
    /** A second passes, and the host's sample of it is stored. */
    tick(host = 'a') {
      clock.now += 1000;
      const stored = storedSeries([clock.now], { t0: clock.now, metric, host });
      if (!schemas.has(host)) schemas.set(host, stored.schema);
      windows.consume({ ...stored, schema: schemas.get(host) ?? stored.schema });
    },
    connect(identify: LiveSessionDeps['identify'] = () => Promise.resolve(one)) {
      const sent: (string | Uint8Array)[] = [];
      const network = { buffered: 0, closed: undefined as number | undefined };
      const session = createLiveSession({
        transport: {
          send: (message) => sent.push(message),
          bufferedAmount: () => network.buffered,
          close: (code) => (network.closed = code),
        },
        windows,
        identify,
        encodeDelta,
        log: silentLog,
        now: () => clock.now,
      });
      return { session, sent, network, say: (message: object) => session.receive(JSON.stringify(message)) };
    },
  };
}

async function watching(started: ReturnType<typeof startWindows>) {
  const client = started.connect();
  await client.say({ type: 'hello' });
  await client.say({ type: 'sub', id: 1, selector: 'busy', windowMs: 60_000 });
  client.sent.length = 0;
  return client;
}

/** Frames by their kind and row counts, messages by what they say. */
function read(sent: readonly (string | Uint8Array)[]): (LiveFrame | LiveMessage)[] {
  // The session's own messages, as they were typed there.
  return sent.map((one) => (typeof one === 'string' ? (JSON.parse(one) as LiveMessage) : decodeLiveFrame(one)));
}

test('a client that reads too slowly gets a gap and a fresh start, and costs no more memory meanwhile', async () => {
  const started = startWindows();
  const { sent, network, session } = await watching(started);
  started.tick();
  sent.length = 0;
  network.buffered = 2 * MiB;
  for (let second = 0; second < 20; second++) started.tick();
  expect(sent).toEqual([]);
  network.buffered = 0;
  started.tick();
  const [gap, snap] = read(sent);
  expect(gap).toEqual({ type: 'gap', id: 1, from: 1_002_000, to: started.clock.now });
  expect(snap).toMatchObject({ kind: 'snap', groups: [{ times: { length: 22 } }] });
  started.tick();
  expect(sent).toHaveLength(3);
  session.end();
  started.tick();
  expect(sent).toHaveLength(3);
});

test('a slow client catches up also when its hosts have fallen silent', async () => {
  const started = startWindows();
  const { sent, network, session } = await watching(started);
  network.buffered = 2 * MiB;
  started.tick();
  session.tick();
  expect(sent).toEqual([]);
  network.buffered = 0;
  session.tick();
  session.tick();
  expect(read(sent)).toMatchObject([{ type: 'gap' }, { type: 'series' }, { kind: 'snap', groups: [{}] }]);
});

test('who asks for more without reading what came waits for it', async () => {
  const started = startWindows();
  started.tick();
  const { sent, network, session, say } = await watching(started);
  network.buffered = 2 * MiB;
  for (let id = 2; id < 50; id++) await say({ type: 'sub', id, selector: 'busy', windowMs: 60_000 });
  expect(sent).toEqual([]);
  network.buffered = 0;
  session.tick();
  expect(read(sent).filter((one) => 'kind' in one && one.kind === 'snap')).toHaveLength(48);
});

test('who does not read at all is sent away', async () => {
  const started = startWindows();
  const { sent, network, say } = await watching(started);
  network.buffered = 17 * MiB;
  await say({ type: 'ping', at: 1 });
  expect(network.closed).toBe(1008);
  started.tick();
  await say({ type: 'ping', at: 2 });
  expect(sent).toEqual([]);
});

test('a client watches 64 things and no more', async () => {
  const { sent, say } = await watching(startWindows());
  for (let id = 2; id <= 65; id++) await say({ type: 'sub', id, selector: 'busy', windowMs: 60_000 });
  const said = read(sent);
  expect(said.slice(0, -1).every((one) => 'kind' in one && one.kind === 'snap')).toBe(true);
  expect(said.at(-1)).toMatchObject({ type: 'error', id: 65, error: { code: 'live/subscriptions' } });
});

test('who never says hello is let go', () => {
  const started = startWindows();
  const { session, network } = started.connect();
  started.clock.now += 10_000;
  session.tick();
  expect(network.closed).toBeUndefined();
  started.clock.now += 1;
  session.tick();
  expect(network.closed).toBe(4401);
});

test('bytes are answered like other nonsense, and so are too many requests at once', async () => {
  const { session, network, sent } = await watching(startWindows());
  for (let more = 0; more < 21; more++) await session.receive(undefined);
  expect(read(sent)[0]).toMatchObject({ error: { code: 'live/request' } });
  expect(network.closed).toBe(1008);
  const flood = await watching(startWindows());
  for (let more = 0; more < 257; more++) void flood.say({ type: 'ping', at: more });
  expect(flood.network.closed).toBe(1008);
});

test('a database that is away makes the page come again, and not ask its user to sign in', async () => {
  const { say, sent, network } = startWindows().connect(() =>
    Promise.reject(new TarsierError('auth/database', 'the database does not answer', { retryable: true })),
  );
  await say({ type: 'hello' });
  expect(read(sent)).toMatchObject([{ type: 'error', error: { code: 'live/unavailable', retryable: true } }]);
  expect(network.closed).toBe(1013);
});

test('who comes back is sent what is newer than what it has, and where that is not here any more a gap and a snap', async () => {
  const started = startWindows();
  for (let second = 0; second < 290; second++) started.tick();
  const { clock } = started;
  const back = started.connect();
  await back.say({ type: 'hello' });
  await back.say({ type: 'sub', id: 1, selector: 'busy', windowMs: 600_000, since: clock.now - 3_000 });
  started.tick();
  expect(read(back.sent).slice(2)).toMatchObject([
    { kind: 'delta', groups: [{ times: Float64Array.of(clock.now - 3_000, clock.now - 2_000, clock.now - 1_000) }] },
    { kind: 'delta', groups: [{ times: Float64Array.of(clock.now) }] },
  ]);
  // It has all that there is: an empty frame says so.
  await back.say({ type: 'sub', id: 2, selector: 'busy', windowMs: 600_000, since: clock.now });
  expect(read(back.sent).at(-1)).toMatchObject({ kind: 'delta', id: 2, groups: [] });
  // Windows keep 300 rows.
  const since = clock.now - 290_000;
  for (let second = 0; second < 20; second++) started.tick();
  back.sent.length = 0;
  await back.say({ type: 'sub', id: 3, selector: 'busy', windowMs: 600_000, since });
  expect(read(back.sent).filter((said) => !('kind' in said) || said.id === 3)).toMatchObject([
    { type: 'gap', id: 3, from: since, to: clock.now - 299_000 },
    { type: 'series', id: 3 },
    { kind: 'snap', id: 3, groups: [{ times: { length: 300 } }] },
  ]);
});

test('a batch that comes after newer ones is sent all the same, and is in what a new client gets', async () => {
  const started = startWindows();
  const { sent } = await watching(started);
  started.tick();
  const [skipped] = [started.clock.now + 1000];
  started.clock.now += 1000;
  started.tick();
  started.clock.now = skipped - 1000;
  started.tick();
  started.clock.now += 2000;
  expect(read(sent).at(-1)).toMatchObject({ kind: 'delta', groups: [{ times: Float64Array.of(skipped) }] });
  const late = started.connect();
  await late.say({ type: 'hello' });
  await late.say({ type: 'sub', id: 1, selector: 'busy', windowMs: 60_000 });
  const times = Float64Array.of(skipped - 1000, skipped, skipped + 1000);
  expect(read(late.sent).at(-1)).toMatchObject({ kind: 'snap', groups: [{ times }] });
});

test('two pages that show the same share its bytes', async () => {
  const started = startWindows();
  const [first, second] = [await watching(started), await watching(started)];
  started.tick();
  expect(first.sent.at(-1)).toBeInstanceOf(Uint8Array);
  expect(second.sent.at(-1)).toBe(first.sent.at(-1));
});
