import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeEnvelope, decodePayload, decodeSchema, TarsierError, type BatchEnvelope } from '@tarsier/protocol';
import { zstdDecompress } from '@tarsier/protocol/zstd';
import { definePlugin } from '@tarsier/plugins';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { createAgent } from './agent.ts';
import { loadConfig } from './config/config.ts';
import { createLog } from './log.ts';

type Respond = (batch: BatchEnvelope, response: ServerResponse, request: IncomingMessage) => void;

const counting = definePlugin({
  name: 'counting',
  summary: 'Counts its scrapes.',
  config: z.object({}),
  metrics: { scrapes_total: { kind: 'counter', unit: '', help: 'Scrapes.' } },
  create() {
    let scrapes = 0;
    return { scrape: (out) => out.counter('scrapes_total', ++scrapes) };
  },
});

const changing = definePlugin({
  name: 'changing',
  summary: 'Puts out what it is set to.',
  config: z.object({ value: z.number().default(1), opens: z.boolean().default(true) }),
  metrics: { changing_value: { kind: 'gauge', unit: '', help: 'What is set.' } },
  create({ config: { value, opens } }) {
    if (!opens) throw new TarsierError('plugin/config', 'changing.opens: expected true, got false');
    return { scrape: (out) => out.gauge('changing_value', value) };
  },
});

/** An agent that ticks ten times a second, and a real HTTP server that it ships to. */
async function startAgent(respond: Respond) {
  const batches: BatchEnvelope[] = [];
  const logged: string[] = [];
  const server = createServer((request, response) => {
    // An agent's account of its samples is for collectors that keep it.
    if (request.method === 'PUT') return void request.resume().on('end', () => response.writeHead(404).end());
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const batch = decodeEnvelope(Buffer.concat(chunks));
      batches.push(batch);
      respond(batch, response, request);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  // A server that listens on a port has an address with one.
  const { port } = server.address() as AddressInfo;
  const spool = await mkdtemp(join(tmpdir(), 'tarsier-agent-'));
  const settings = { url: `http://127.0.0.1:${port}`, key: 'tsr_k', host: 'h', spool, intervalMs: 100, flushMs: 300 };
  const configWith = (changes: object) =>
    loadConfig(JSON.stringify({ ...settings, ...changes }), {}, [counting, changing]);
  const create = () =>
    createAgent(configWith({}), {
      log: createLog({ level: 'warn', format: 'text', write: (line) => logged.push(line) }),
      usage: () => ({ cpuSeconds: 0, residentBytes: 0 }),
      plugins: [counting, changing],
      random: () => 0.01,
    });
  const agent = await create();
  agent.start();
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await rm(spool, { recursive: true, force: true });
  });
  return { agent, batches, logged, create, configWith };
}

const scrapesIn = (batch: BatchEnvelope): number[] => [
  ...decodePayload(batch.payload, zstdDecompress).values.subarray(0, batch.rows),
];

test('a plugin that comes with a metric of another one is warned of, unless the other is left out', async () => {
  const { agent, logged, configWith } = await startAgent((_, response) => response.writeHead(204).end());
  const twin = { ...changing, name: 'twin' };
  await agent.reconfigure(configWith({ plugins: { changing: false } }), [counting, changing, twin]);
  expect(logged).toEqual([]);
  await agent.reconfigure(configWith({}), [counting, changing]);
  await agent.reconfigure(configWith({}), [counting, changing, twin]);
  expect(logged).toEqual([
    expect.stringMatching(
      /a plugin has a metric of another one.* plugin="twin" metric="changing_value" other="changing"$/u,
    ),
  ]);
  await agent.stop();
});

test('a collector that knows nothing is told the schema once; after that only samples travel', async () => {
  let known: string | undefined;
  const { agent, batches } = await startAgent((batch, response) => {
    const hash = Buffer.from(batch.schemaHash).toString('hex');
    if (batch.schema === undefined && known !== hash) {
      response.writeHead(409).end();
      return;
    }
    known = hash;
    response.writeHead(204).end();
  });
  await expect
    .poll(() => batches.filter(({ schema }) => schema === undefined).length, { timeout: 10_000 })
    .toBeGreaterThan(3);
  await agent.stop();
  const [first] = batches.filter(({ schema }) => schema !== undefined);
  const { metrics, series } = decodeSchema(first?.schema ?? new Uint8Array());
  expect(metrics[0]).toEqual({ name: 'scrapes_total', kind: 'counter', unit: '', help: 'Scrapes.' });
  expect(series[0]).toEqual({ metric: 0, labels: {} });
  expect(batches.filter(({ schema }) => schema !== undefined).length).toBeLessThanOrEqual(2);
});

test('through refusals, errors and a restart every tick arrives once', async () => {
  let request = 0;
  const taken: BatchEnvelope[] = [];
  const statuses = [503, 204, 500, 429, 204, 401];
  const { agent, batches, create } = await startAgent((batch, response) => {
    const status = request < 12 ? (statuses[request++ % statuses.length] ?? 204) : 204;
    // Both wait for their Retry-After, here none at all.
    if (status === 204) taken.push(batch);
    response.writeHead(status === 401 ? 503 : status, { 'retry-after': '0' }).end();
  });
  await expect.poll(() => taken.length, { timeout: 20_000 }).toBeGreaterThan(3);
  await agent.stop();
  const second = await create();
  second.start();
  const before = taken.length;
  await expect.poll(() => taken.length, { timeout: 20_000 }).toBeGreaterThan(before + 2);
  await second.stop();
  const epochs = [...new Set(taken.map(({ epoch }) => epoch))];
  expect(epochs).toHaveLength(2);
  for (const epoch of epochs) {
    // What could not be sent goes after what is newer.
    const ofEpoch = taken.filter((batch) => batch.epoch === epoch).toSorted((a, b) => a.seq - b.seq);
    expect(ofEpoch.map(({ seq }) => seq)).toEqual(ofEpoch.map((_, seq) => seq));
    const scrapes = ofEpoch.flatMap(scrapesIn);
    // The last is the marker that all ends.
    expect(scrapes.pop()).toBeNaN();
    expect(scrapes).toEqual(scrapes.map((_, index) => index + 1));
  }
  expect(batches.length).toBeGreaterThan(taken.length);
});

test('a batch that is refused for good is dropped and told of once, and the next ones go on', async () => {
  let refusing = 3;
  const { agent, batches, logged } = await startAgent((_, response) => {
    if (refusing-- > 0) response.writeHead(400).end('{"code":"ingest/too-late","detail":"times: too late by 5"}');
    else response.writeHead(204).end();
  });
  await expect.poll(() => batches.length, { timeout: 10_000 }).toBeGreaterThan(5);
  await agent.stop();
  expect(new Set(batches.map(({ seq }) => seq)).size).toBe(batches.length);
  expect(logged.filter((line) => line.includes('refused for good'))).toHaveLength(1);
});

test('the key travels with each batch', async () => {
  const keys: unknown[] = [];
  const { agent, batches } = await startAgent((_, response, { headers }) => {
    keys.push(headers.authorization, headers['content-type']);
    response.writeHead(204).end();
  });
  await expect.poll(() => batches.length, { timeout: 10_000 }).toBeGreaterThan(0);
  await agent.stop();
  expect(keys.slice(0, 2)).toEqual(['Bearer tsr_k', 'application/vnd.tarsier.batch']);
});

test('other settings are taken while it measures: no tick is lost, numbers go on, and only what changed begins anew', async () => {
  const {
    agent,
    batches: sent,
    configWith,
  } = await startAgent(({ schema, seq }, response) =>
    response.writeHead(schema === undefined && seq === 0 ? 409 : 204).end(),
  );
  const taken = () => sent.filter(({ schema, seq }) => schema !== undefined || seq > 0);
  const ticksSent = () => taken().reduce((sum, { rows }) => sum + rows, 0);
  const valuesOf = (batch: BatchEnvelope, column: number) =>
    [...decodePayload(batch.payload, zstdDecompress).values].slice(column * batch.rows, (column + 1) * batch.rows);
  await expect.poll(ticksSent, { timeout: 10_000 }).toBeGreaterThan(5);
  expect(await agent.reconfigure(configWith({ plugins: { changing: { value: 2 } }, key: 'tsr_other' }))).toEqual([
    'changing',
  ]);
  await expect.poll(() => valuesOf(taken().at(-1) ?? never(), 1).at(-1), { timeout: 10_000 }).toBe(2);

  // One that does not open leaves all as it was.
  await expect(agent.reconfigure(configWith({ plugins: { changing: { opens: false } } }))).rejects.toThrow(
    'changing.opens: expected true, got false',
  );
  await expect(agent.reconfigure(configWith({ host: 'other' }))).rejects.toThrow(
    'host: can not change from h to other while the agent runs; restart it',
  );
  const before = ticksSent();
  await expect.poll(ticksSent, { timeout: 10_000 }).toBeGreaterThan(before + 5);
  expect(valuesOf(taken().at(-1) ?? never(), 1).at(-1)).toBe(2);
  await agent.stop();

  expect(new Set(taken().map(({ epoch }) => epoch)).size).toBe(1);
  expect(taken().map(({ seq }) => seq)).toEqual(taken().map((_, seq) => seq));
  const scrapes = taken().flatMap(scrapesIn);
  expect(scrapes.pop()).toBeNaN();
  expect(scrapes).toEqual(scrapes.map((_, index) => index + 1));
  // The swapped plugin's series is the one it was: nothing is declared a second time.
  expect(new Set(taken().map(({ schemaHash }) => Buffer.from(schemaHash).toString('hex'))).size).toBeLessThan(3);
  expect(agent.status()).toMatchObject({ host: 'h', ship: { refused: 0 } });
});

function never(): never {
  throw new Error('there is no batch');
}
