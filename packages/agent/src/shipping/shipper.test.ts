import { cp, readFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { decodeEnvelope } from '@tarsier/protocol';
import { expect, onTestFinished, test } from 'vitest';
import { createPoster } from './post.ts';
import type { Clock } from '../scrape/clock.ts';
import { createShipper } from './shipper.ts';
import { openSpool } from '../spool/spool.ts';
import { makeBatch, recordingLog, samplesIn, startReceiver, temporaryFolder, type MadeBatch } from '../testing.ts';

/** A shipper on a real spool; what it wants to wait for is written down and over at once. */
async function startShipping(url: URL, { folder = '', timeoutMs = 15_000 } = {}) {
  const { log, lines } = recordingLog();
  const waits: number[] = [];
  const clock: Clock = {
    now: Date.now,
    monotonic: () => performance.now(),
    sinceBoot: () => performance.now(),
    after(ms, run) {
      waits.push(ms);
      const timer = setTimeout(run, 5);
      return () => clearTimeout(timer);
    },
  };
  const spoolFolder = folder === '' ? await temporaryFolder() : folder;
  const spool = await openSpool({ folder: spoolFolder, maxBytes: 64e6, maxAgeMs: Infinity, log });
  const flushIntervals: number[] = [];
  const shipper = createShipper({
    spool,
    poster: createPoster(url),
    key: 'tsr_k',
    onFlushInterval: (seconds) => flushIntervals.push(seconds),
    clock,
    log,
    random: () => 1,
    timeoutMs,
  });
  const stop = async (): Promise<void> => {
    await shipper.stop(0);
    await spool.close();
  };
  onTestFinished(stop);
  return {
    folder: spoolFolder,
    spool,
    shipper,
    lines,
    waits,
    stop,
    async add(...batches: readonly MadeBatch[]): Promise<void> {
      for (const { bytes, schema, time } of batches) await spool.append(bytes, schema, time);
      shipper.wake();
    },
    emptied: () => expect.poll(() => spool.stats.waiting, { timeout: 20_000 }).toBe(0),
  };
}

const allSamples = (batches: readonly MadeBatch[]): string[] =>
  batches.flatMap(({ bytes, schema }) => samplesIn(decodeEnvelope(bytes), schema.bytes)).toSorted();
const numbers = (batches: readonly { readonly seq: number }[]): number[] => batches.map(({ seq }) => seq);

test('after an outage the newest batch arrives first, then the others oldest first, all on one connection', async () => {
  const receiver = await startReceiver();
  const shipping = await startShipping(receiver.url);
  const batches = Array.from({ length: 20 }, (_, seq) => makeBatch({ seq }));
  await shipping.add(...batches);
  shipping.shipper.start();
  await shipping.emptied();
  const [, ...afterSchema] = receiver.requests;
  expect(numbers(afterSchema)).toEqual([19, ...Array.from({ length: 19 }, (_, seq) => seq)]);
  expect(receiver.samples()).toEqual(allSamples(batches));
  expect(receiver.connections()).toBe(1);
  expect(shipping.shipper.stats).toMatchObject({ shipped: 20, refused: 0, failures: 0, split: 0 });
});

test('a batch that is too large goes in halves until they fit, each once, and the next ones are not held up', async () => {
  const receiver = await startReceiver(({ bodyBytes }) => (bodyBytes > 1_000 ? 413 : 204));
  const shipping = await startShipping(receiver.url);
  const batches = [makeBatch({ seq: 0, rows: 60, width: 20 }), makeBatch({ seq: 1, rows: 2 })];
  await shipping.add(...batches);
  shipping.shipper.start();
  await shipping.emptied();
  expect(receiver.samples()).toEqual(allSamples(batches));
  expect(receiver.stored.size).toBeGreaterThan(5);
  expect(shipping.shipper.stats).toMatchObject({ shipped: 2, refused: 0 });
  expect(shipping.lines.filter((line) => line.includes('too large for the collector'))).toHaveLength(1);
});

test('where the schema is what is too large the series are divided', async () => {
  const receiver = await startReceiver(({ bodyBytes }) => (bodyBytes > 1_500 ? 413 : 204));
  const shipping = await startShipping(receiver.url);
  const batches = [makeBatch({ rows: 1, width: 300 })];
  await shipping.add(...batches);
  shipping.shipper.start();
  await shipping.emptied();
  expect(receiver.samples()).toEqual(allSamples(batches));
  expect(receiver.requests.filter(({ schema }) => schema !== undefined).length).toBeGreaterThan(3);
});

test('a crash between two halves loses and doubles nothing, even if the collector then takes the whole', async () => {
  let limit = 1_000;
  const receiver = await startReceiver(({ bodyBytes, seq }) => {
    // The second half is never answered.
    if (seq >= 2 * 2 ** 24 && limit === 1_000) return undefined;
    return bodyBytes > limit ? 413 : 204;
  });
  const shipping = await startShipping(receiver.url);
  const batches = [makeBatch({ rows: 12, width: 20 })];
  await shipping.add(...batches);
  shipping.shipper.start();
  await expect.poll(() => receiver.requests.some(({ seq }) => seq === 2 * 2 ** 24), { timeout: 10_000 }).toBe(true);
  const folder = await temporaryFolder();
  await cp(shipping.folder, folder, { recursive: true, filter: (path) => !path.endsWith('lock') });
  await shipping.stop();
  limit = 1e6;
  const again = await startShipping(receiver.url, { folder });
  again.shipper.start();
  await again.emptied();
  expect(receiver.samples()).toEqual(allSamples(batches));
});

test('what can not be halved any more is refused, counted, and kept with the answer', async () => {
  const receiver = await startReceiver(({ seq }) => (seq === 0 ? 413 : 204));
  const { folder, ...shipping } = await startShipping(receiver.url);
  await shipping.add(makeBatch({ seq: 0, rows: 1, width: 1 }), makeBatch({ seq: 1 }));
  shipping.shipper.start();
  await shipping.emptied();
  expect(shipping.shipper.stats).toMatchObject({ shipped: 1, refused: 1 });
  expect(JSON.parse(await readFile(join(folder, 'refused.json'), 'utf8'))).toMatchObject({ why: '413' });
  expect(decodeEnvelope(await readFile(join(folder, 'refused.batch'))).seq).toBe(0);
});

test('a batch that the collector calls wrong is dropped, counted and kept, and told of once per reason', async () => {
  const refusal = (seq: number) =>
    JSON.stringify({
      code: 'ingest/too-late',
      detail: `times: too late by ${seq}`,
      retryable: false,
      requestId: `r${seq}`,
    });
  const receiver = await startReceiver(({ seq }, response) => {
    if (seq % 2 === 0) return 204;
    response.writeHead(400).end(refusal(seq));
    return undefined;
  });
  const { folder, ...shipping } = await startShipping(receiver.url);
  await shipping.add(...Array.from({ length: 6 }, (_, seq) => makeBatch({ seq })));
  shipping.shipper.start();
  await shipping.emptied();
  expect(shipping.shipper.stats).toMatchObject({ shipped: 3, refused: 3 });
  expect(shipping.lines.filter((line) => line.includes('refused for good'))).toHaveLength(1);
  expect(await readFile(join(folder, 'refused.json'), 'utf8')).toContain('too late by 3');
});

test('a redirect is not followed: the key goes nowhere else, and the log says what to set', async () => {
  const elsewhere = await startReceiver();
  let redirects = 0;
  const receiver = await startReceiver((_, response) => {
    if (redirects++ > 2) return 204;
    response.writeHead(307, { location: elsewhere.url.href }).end();
    return undefined;
  });
  const shipping = await startShipping(receiver.url);
  await shipping.add(makeBatch());
  shipping.shipper.start();
  await shipping.emptied();
  expect(elsewhere.requests).toHaveLength(0);
  expect(shipping.lines.filter((line) => line.includes('Set url to the collector itself'))).toHaveLength(1);
  expect(Math.min(...shipping.waits)).toBeGreaterThanOrEqual(30_000);
});

test('a wait that the collector asks for is kept, with jitter on top', async () => {
  let busy = 3;
  const receiver = await startReceiver((_, response) => {
    if (busy-- <= 0) return 204;
    response.writeHead(429, { 'retry-after': '7' }).end();
    return undefined;
  });
  const shipping = await startShipping(receiver.url);
  await shipping.add(makeBatch());
  shipping.shipper.start();
  await shipping.emptied();
  expect(shipping.waits).toEqual([7_500, 8_000, 9_000]);
  expect(shipping.shipper.stats).toMatchObject({
    failures: 3,
    answers: new Map([
      ['429', 3],
      ['409', 1],
      ['204', 1],
    ]),
  });
});

/** A server of raw bytes: each connection gets the next behaviour, the last one again and again. */
async function startRaw(behaviours: readonly ((socket: Socket) => void)[]): Promise<URL> {
  let connection = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    const behave = behaviours[Math.min(connection++, behaviours.length - 1)];
    socket.once('data', () => behave?.(socket));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  // A server that listens on a port has an address with one.
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/ingest`);
}

const stored = 'HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n';
const badAnswers: readonly [how: string, behave: (socket: Socket) => void][] = [
  ['that breaks off in its head', (socket) => socket.end('HTTP/1.1 204 No Con')],
  ['that breaks off in its body', (socket) => socket.end('HTTP/1.1 400 Bad\r\ncontent-length: 100\r\n\r\n{"error"')],
  ['that is no HTTP', (socket) => socket.end('220 mail.example ESMTP\r\n')],
  ['of another server', (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n<html>')],
  ['of nothing at all', (socket) => socket.end()],
  ['that never comes', () => {}],
  [
    'that trickles in for ever',
    (socket) => {
      socket.write('HTTP/1.1 400 Bad\r\ncontent-length: 100000\r\n\r\n');
      const timer = setInterval(() => socket.write('x'), 20);
      socket.on('close', () => clearInterval(timer));
    },
  ],
  [
    'that has no end',
    (socket) => {
      socket.write('HTTP/1.1 500 Broken\r\ntransfer-encoding: chunked\r\n\r\n');
      const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
      const pour = (): void => {
        while (!socket.destroyed && socket.write(chunk));
      };
      socket.on('drain', pour);
      pour();
    },
  ],
];

test.each(badAnswers)('an answer %s keeps the batch, which is sent again', async (_, behave) => {
  const url = await startRaw([behave, (socket) => socket.end(stored)]);
  const shipping = await startShipping(url, { timeoutMs: 500 });
  await shipping.add(makeBatch());
  shipping.shipper.start();
  await shipping.emptied();
  expect(shipping.shipper.stats).toMatchObject({ shipped: 1, refused: 0, failures: 1 });
});

test('a kept connection that the collector closes just then is no failure', async () => {
  let request = 0;
  const receiver = await startReceiver((_, response) => {
    // A reset instead of an answer, as a server does whose patience with an idle connection has just ended.
    if (request++ === 2) {
      response.socket?.resetAndDestroy();
      return undefined;
    }
    return 204;
  });
  const shipping = await startShipping(receiver.url);
  await shipping.add(makeBatch({ seq: 0 }), makeBatch({ seq: 1 }));
  shipping.shipper.start();
  await shipping.emptied();
  expect(shipping.shipper.stats).toMatchObject({ shipped: 2, failures: 0 });
  expect(receiver.connections()).toBe(2);
});

test("a clock that differs from the collector's is measured, and told of once", async () => {
  const receiver = await startReceiver((_, response) => {
    response.setHeader('date', new Date(Date.now() + 3_600_000).toUTCString());
    return 204;
  });
  const shipping = await startShipping(receiver.url);
  await shipping.add(makeBatch({ seq: 0 }), makeBatch({ seq: 1 }));
  shipping.shipper.start();
  await shipping.emptied();
  expect(Math.abs(shipping.shipper.stats.clockAheadSeconds - 3_600)).toBeLessThanOrEqual(2);
  expect(shipping.lines.filter((line) => line.includes('the clocks of this host and of the collector'))).toHaveLength(
    1,
  );
});
