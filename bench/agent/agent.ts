/**
 * What the agent costs this host, beside node_exporter (scraped each second) and netdata where they are installed: all
 * at the same time. The agent is the built one, with every plugin that has something to measure here, at 1 s, and ships
 * to a receiver that keeps nothing.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { decodeEnvelope, decodePayload } from '@tarsier/protocol';
import { zstdDecompress } from '@tarsier/protocol/zstd';
import { nodeEnvironment, nodeFlags } from '../../packages/agent/src/service/node-flags.ts';
import { buildPackages } from '../../scripts/packages.ts';
import { treeUsage } from '../proc-cpu.ts';
import { startNetdata, startNodeExporter, type RunningAgent } from './others.ts';

const settleMs = 40_000;
const measuredS = 60;

const received = { samples: 0, bytes: 0 };

async function startReceiver(): Promise<{ readonly url: string; close(): void }> {
  const known = new Set<string>();
  // As the collector keeps connections: agents pause ten seconds between batches.
  const receiver = createServer({ keepAliveTimeout: 65_000 }, (request, response) => {
    // An agent's account of its samples is for collectors that keep it.
    if (request.method === 'PUT') return void request.resume().on('end', () => response.writeHead(404).end());
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      const batch = decodeEnvelope(body);
      const schema = Buffer.from(batch.schemaHash).toString('hex');
      if (batch.schema !== undefined) known.add(schema);
      if (!known.has(schema)) return void response.writeHead(409).end();
      const { values, present } = decodePayload(batch.payload, zstdDecompress);
      received.samples += present === undefined ? values.length : present.reduce((sum, one) => sum + one, 0);
      received.bytes += body.byteLength;
      response.writeHead(204, { 'tarsier-flush-interval': '10' }).end();
    });
  });
  await new Promise<void>((resolve) => {
    receiver.listen(0, '127.0.0.1', resolve);
  });
  // A server that listens on a port has an address with one.
  const { port } = receiver.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => receiver.close() };
}

function startTarsier(url: string, folder: string): RunningAgent {
  const main = fileURLToPath(new URL('../../packages/agent/dist/main.js', import.meta.url));
  const child = spawn(process.execPath, [...nodeFlags, main, 'run', '--until-stdin-ends'], {
    env: {
      ...process.env,
      ...nodeEnvironment,
      TARSIER_URL: url,
      TARSIER_KEY: 'bench',
      TARSIER_STATE: join(folder, 'state'),
      TARSIER_SPOOL: join(folder, 'spool'),
      TARSIER_LOG: 'warn',
    },
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  return {
    name: 'tarsier',
    pid: child.pid ?? 0,
    tick: () => Promise.resolve(),
    samples: () => Promise.resolve(received.samples),
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve());
        child.stdin.end();
      }),
  };
}

await buildPackages();
const folder = mkdtempSync(join(tmpdir(), 'tarsier-bench-'));
const receiver = await startReceiver();
const started = [
  startTarsier(receiver.url, folder),
  await startNodeExporter(),
  await startNetdata(join(folder, 'netdata')),
];
const agents = started.filter((agent) => agent !== undefined);
try {
  await sleep(settleMs);
  received.samples = received.bytes = 0;
  const before = agents.map(({ pid }) => treeUsage(pid));
  const began = performance.now();
  for (let second = 1; second <= measuredS; second++) {
    await Promise.all(agents.map((agent) => agent.tick()));
    await sleep(Math.max(0, began + second * 1000 - performance.now()));
  }
  const seconds = (performance.now() - began) / 1000;
  const after = agents.map(({ pid }) => treeUsage(pid));
  process.stdout.write('agent          samples/s   CPU %   CPU us per sample   memory MiB\n');
  for (const [index, agent] of agents.entries()) {
    const cpu = (after[index]?.cpuSeconds ?? 0) - (before[index]?.cpuSeconds ?? 0);
    const samples = await agent.samples(seconds);
    const columns = [
      agent.name.padEnd(13),
      (samples / seconds).toFixed(0).padStart(10),
      ((cpu / seconds) * 100).toFixed(2).padStart(7),
      ((cpu / samples) * 1e6).toFixed(1).padStart(19),
      ((after[index]?.residentBytes ?? 0) / 1024 ** 2).toFixed(0).padStart(12),
    ];
    process.stdout.write(`${columns.join(' ')}\n`);
  }
  process.stdout.write(`tarsier sends ${(received.bytes / received.samples).toFixed(2)} bytes per sample\n`);
} finally {
  await Promise.all(agents.map((agent) => agent.stop()));
  receiver.close();
  rmSync(folder, { recursive: true, force: true });
}
