import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Alert, Message } from '@tarsier/protocol';
import { newChannelSchema } from '@tarsier/protocol/api';
import { afterEach, expect, test } from 'vitest';
import { silentLog } from '../log.ts';
import { retryAt } from './backoff.ts';
import { exampleMessage } from './example.ts';
import { createEgress } from './egress/egress.ts';
import { createSender } from './send.ts';
import { createDispatcher, type DispatcherDeps, type Outbox, type Outgoing } from './dispatcher.ts';

const start = Date.UTC(2026, 10, 24, 10);
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** A real receiver; `answer` may keep it waiting. */
async function startReceiver(answer: (response: ServerResponse, received: Received) => void) {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const one = { headers: request.headers, text };
      received.push(one);
      answer(response, one);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  // A server that listens on a port has an address with one.
  const { port } = server.address() as AddressInfo;
  return { received, url: `http://127.0.0.1:${port}/` };
}

function alertOf(id: string, kind: 'firing' | 'resolved' = 'firing'): Alert {
  const since = start;
  const state = kind === 'firing' ? { kind, since, value: 1 } : { kind, since, value: 0, resolvedAt: start + 1 };
  const series = { host: 'db 1', metric: 'busy', labels: { host: 'db 1' } };
  return { id, ruleId: 'r', name: 'Busy', severity: 'warning', ...series, state, reason: 'busy was 1' };
}

function messageOf(alert: Alert): Message {
  const status = alert.state.kind === 'resolved' ? 'resolved' : 'firing';
  const { incident } = exampleMessage(start);
  const reason = status === 'resolved' ? 'resolved' : 'first';
  return { reason, status, why: alert.reason, incident: { ...incident, id: 'i/1', alerts: [alert] } };
}

function outgoing(
  id: string,
  url: string,
  { secret, ...more }: Partial<Outgoing> & { secret?: string } = {},
): Outgoing {
  const signed = secret === undefined ? {} : { secret };
  const channel = { ...newChannelSchema.parse({ kind: 'webhook', name: 'ops', url, ...signed }), id: 'c' };
  const message = messageOf(alertOf(id));
  return { tenantId: 1, id, incidentId: id, number: 1, channel, message, createdAt: start, attempts: 0, ...more };
}

/** What the storage's table does, in memory: the storage has its own tests. */
function startOutbox(entries: readonly Outgoing[]) {
  const rows = entries.map((entry) => ({
    entry,
    dueAt: start as number | undefined,
    error: '',
    sentAt: 0,
    attempts: 0,
  }));
  const rowOf = ({ id }: Outgoing) => rows.find(({ entry }) => entry.id === id);
  const outbox: Outbox = {
    async due(now, limit, except) {
      const due = rows
        .filter(({ dueAt, entry }) => dueAt !== undefined && dueAt <= now && !except.includes(entry.channel.id))
        .slice(0, limit);
      for (const row of due) {
        row.dueAt = now + 60_000;
        row.attempts++;
      }
      return due.map(({ entry, attempts }) => ({ ...entry, attempts: attempts - 1 }));
    },
    async clockWasPutBack() {},
    async sent(entry, now) {
      Object.assign(rowOf(entry) ?? {}, { dueAt: undefined, sentAt: now, error: '' });
    },
    async failed(entry, error, retryAt) {
      Object.assign(rowOf(entry) ?? {}, { dueAt: retryAt, error });
    },
  };
  return { outbox, rows };
}

function dispatch(outbox: Outbox, clock = { now: start }, onTried: DispatcherDeps['onTried'] = () => undefined) {
  return createDispatcher({
    outbox,
    onTried,
    sender: createSender({
      egress: createEgress({ allow: ['127.0.0.1'] }),
      pageUrl: 'https://tarsier.example/',
      now: () => clock.now,
      timeoutMs: 300,
    }),
    log: silentLog,
    now: () => clock.now,
    random: () => 1,
  });
}

test('a webhook says what happened, why, where to look, and under which id', async () => {
  const { url, received } = await startReceiver((response) => response.writeHead(204).end());
  const { outbox, rows } = startOutbox([outgoing('n1', url)]);
  await dispatch(outbox).drain();
  expect(received).toHaveLength(1);
  expect(received[0]?.headers).toMatchObject({ 'content-type': 'application/json', 'idempotency-key': 'n1' });
  expect(received[0]?.headers).not.toHaveProperty('tarsier-signature');
  expect(JSON.parse(received[0]?.text ?? '')).toEqual({
    version: 1,
    status: 'firing',
    reason: 'busy was 1',
    because: 'first',
    link: expect.stringMatching(/^https:\/\/tarsier\.example\/#\/alerts\/i%2F1\?range=[\d:.TZ-]+\/[\d:.TZ-]+$/u),
    alert: alertOf('n1'),
    incident: messageOf(alertOf('n1')).incident,
    createdAt: start,
  });
  expect(rows[0]).toMatchObject({ dueAt: undefined, sentAt: start });
});

test('with a secret the body is signed, so that its receiver can tell who sent it', async () => {
  const { url, received } = await startReceiver((response) => response.end());
  await dispatch(startOutbox([outgoing('n1', url, { secret: 'shared' })]).outbox).drain();
  const text = received[0]?.text ?? '';
  const signature = createHmac('sha256', 'shared').update(text).digest('hex');
  expect(received[0]?.headers['tarsier-signature']).toBe(`sha256=${signature}`);
});

test('a redirect is not followed: it is a failure that says so', async () => {
  const elsewhere = await startReceiver((response) => response.end());
  const { url } = await startReceiver((response) => response.writeHead(302, { location: elsewhere.url }).end());
  const { outbox, rows } = startOutbox([outgoing('n1', url)]);
  await dispatch(outbox).drain();
  expect(elsewhere.received).toEqual([]);
  expect(rows[0]?.error).toContain('answered 302');
  expect(rows[0]?.dueAt).toBe(start + 5_000);
});

test('a receiver that never answers is left after the time limit, and the others are not held up', async () => {
  const hanging = await startReceiver(() => {});
  const quick = await startReceiver((response) => response.end());
  const { outbox, rows } = startOutbox([outgoing('n1', hanging.url), outgoing('n2', quick.url)]);
  await dispatch(outbox).drain();
  expect(rows.map(({ sentAt }) => sentAt)).toEqual([0, start]);
  expect(rows[0]?.error).toMatch(/timeout|aborted/iu);
});

test('pauses between tries grow from five seconds to ten minutes, with jitter, and after a day it is given up', () => {
  const longest = (attempts: number) => (retryAt(attempts, start, start, () => 1) ?? 0) - start;
  expect([0, 1, 2, 6, 7, 100].map(longest)).toEqual([5_000, 10_000, 20_000, 320_000, 600_000, 600_000]);
  expect(retryAt(5, start, start, () => 0)).toBe(start);
  expect(retryAt(5, start, start + 86_400_001, () => 1)).toBeUndefined();
});

test('a receiver that stays away for a day is given up, and the reason is kept', async () => {
  const { url, received } = await startReceiver((response) => response.writeHead(503).end());
  const { outbox, rows } = startOutbox([outgoing('n1', url)]);
  const clock = { now: start };
  const dispatcher = dispatch(outbox, clock);
  for (let minute = 0; minute <= 25 * 60; minute++) {
    clock.now = start + minute * 60_000;
    await dispatcher.drain();
  }
  expect(rows[0]).toMatchObject({ dueAt: undefined, sentAt: 0, error: expect.stringContaining('answered 503') });
  // Every ten minutes at the longest pause, and some more in the first ten.
  expect(received.length).toBeGreaterThan(140);
  expect(received.length).toBeLessThan(160);
});

test('the end of an alert waits until its beginning is told, even if both happened at once', async () => {
  let isUp = false;
  const { url, received } = await startReceiver((response) => response.writeHead(isUp ? 200 : 500).end());
  const { outbox } = startOutbox([
    outgoing('end', url, { incidentId: 'a', number: 2, message: messageOf(alertOf('a', 'resolved')) }),
    outgoing('begin', url, { incidentId: 'a' }),
    outgoing('other', url),
  ]);
  const clock = { now: start };
  const dispatcher = dispatch(outbox, clock);
  await dispatcher.drain();
  isUp = true;
  for (let second = 1; second < 20; second++) {
    clock.now = start + second * 1000;
    await dispatcher.drain();
  }
  expect(received.map(({ headers }) => headers['idempotency-key']).filter((id) => id !== 'other')).toEqual([
    'begin',
    'begin',
    'end',
  ]);
});

test('once started it sends what is new when woken, and a stop waits for what is under way', async () => {
  const answered: string[] = [];
  let received = 0;
  const { url } = await startReceiver((response, { headers }) => {
    received++;
    setTimeout(() => {
      answered.push(String(headers['idempotency-key']));
      response.end();
    }, 50);
  });
  const { outbox, rows } = startOutbox([outgoing('n1', url), outgoing('n2', url)]);
  const later = rows.splice(1, 1);
  const dispatcher = dispatch(outbox);
  dispatcher.start();
  await expect.poll(() => received).toBe(1);
  rows.push(...later);
  // What is being sent must not make this go unheard.
  dispatcher.wake();
  await expect.poll(() => received, { timeout: 1000 }).toBe(2);
  await dispatcher.stop();
  expect(answered).toEqual(['n1', 'n2']);
  expect(rows.map(({ sentAt }) => sentAt)).toEqual([start, start]);
});

test('what a receiver does not want is given up at once, and one that names a time is left alone until then', async () => {
  const picky = await startReceiver((response) => response.writeHead(400).end());
  const busy = await startReceiver((response) => response.writeHead(429, { 'retry-after': '600' }).end());
  const glad = await startReceiver((response) => response.writeHead(204).end());
  const { outbox, rows } = startOutbox([outgoing('n1', picky.url), outgoing('n2', busy.url), outgoing('n3', glad.url)]);
  const outcomes: string[] = [];
  await dispatch(outbox, undefined, ({ kind }, outcome) => outcomes.push(`${kind} ${outcome}`)).drain();
  expect(outcomes.toSorted()).toEqual(['webhook given-up', 'webhook retried', 'webhook sent']);
  expect(rows.map(({ dueAt }) => dueAt)).toEqual([undefined, start + 600_000, undefined]);
  expect(rows[0]?.error).toContain('answered 400');
});

test('a channel that hangs takes up its own share, and no other channel waits for it', async () => {
  const hanging = await startReceiver(() => {});
  const quick = await startReceiver((response) => response.end());
  const stuck = Array.from({ length: 200 }, (_, index) => outgoing(`h${index}`, hanging.url));
  const channel = { ...newChannelSchema.parse({ kind: 'webhook', name: 'quick', url: quick.url }), id: 'quick' };
  const { outbox, rows } = startOutbox([...stuck, outgoing('n1', quick.url, { channel })]);
  const dispatcher = createDispatcher({
    outbox,
    sender: createSender({ egress: createEgress({ allow: ['127.0.0.1'] }), timeoutMs: 20_000 }),
    log: silentLog,
    now: () => start,
  });
  dispatcher.start();
  await expect.poll(() => quick.received.length, { timeout: 15_000 }).toBe(1);
  await expect.poll(() => rows.at(-1)?.sentAt).toBe(start);
  expect(hanging.received.length).toBeLessThanOrEqual(60);
  for (const close of closers.splice(0)) close();
  await dispatcher.stop();
});
