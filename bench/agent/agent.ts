/** What the agent costs this host: 60 s of all plugins at 1 s, shipping to a receiver that keeps nothing. */
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
import { processCpu } from '../proc-cpu.ts';

const settleMs = 15_000;
const measuredMs = 60_000;

let samples = 0;
let wireBytes = 0;
const receiver = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body = Buffer.concat(chunks);
    const { values, present } = decodePayload(decodeEnvelope(body).payload, zstdDecompress);
    samples += present === undefined ? values.length : present.reduce((sum, one) => sum + one, 0);
    wireBytes += body.byteLength;
    response.writeHead(204, { 'tarsier-flush-interval': '10' }).end();
  });
});
await new Promise<void>((resolve) => {
  receiver.listen(0, '127.0.0.1', resolve);
});
// A server that listens on a port has an address with one.
const { port } = receiver.address() as AddressInfo;

const state = mkdtempSync(join(tmpdir(), 'tarsier-bench-'));
const main = fileURLToPath(new URL('../../packages/agent/src/main.ts', import.meta.url));
const agent = spawn(process.execPath, ['--max-semi-space-size=1', main, 'run', '--until-stdin-ends'], {
  env: {
    ...process.env,
    TARSIER_URL: `http://127.0.0.1:${port}`,
    TARSIER_KEY: 'bench',
    TARSIER_STATE: state,
    TARSIER_LOG: 'warn',
  },
  stdio: ['pipe', 'inherit', 'inherit'],
});

try {
  const pid = agent.pid ?? 0;
  await sleep(settleMs);
  const before = processCpu(pid);
  const [samplesBefore, bytesBefore] = [samples, wireBytes];
  await sleep(measuredMs);
  const after = processCpu(pid);
  const cpu = after.cpuSeconds - before.cpuSeconds;
  const counted = samples - samplesBefore;
  const seconds = measuredMs / 1000;
  process.stdout.write(
    [
      `samples per second: ${(counted / seconds).toFixed(0)}`,
      `CPU: ${((cpu / seconds) * 100).toFixed(2)} % of a core`,
      `CPU per sample: ${((cpu / counted) * 1e6).toFixed(1)} microseconds`,
      `resident memory: ${(after.residentBytes / 1024 ** 2).toFixed(0)} MiB`,
      `bytes per sample on the wire: ${((wireBytes - bytesBefore) / counted).toFixed(2)}`,
      '',
    ].join('\n'),
  );
} finally {
  agent.stdin.end();
  await new Promise((resolve) => {
    agent.once('exit', resolve);
  });
  receiver.close();
  rmSync(state, { recursive: true, force: true });
}
