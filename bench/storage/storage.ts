/**
 * What samples cost once they are cold: bytes at rest, all of them, and the CPU of compaction (Node and PostgreSQL);
 * and whether it keeps up: 100 hosts of 200 series at 1 s, hour after hour, as fast as the machine can.
 */
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { encodePayload } from '@tarsier/protocol';
import { schemaHash, zstdCompress } from '@tarsier/protocol/zstd';
import postgres from 'postgres';
import { z } from 'zod';
import { silentLog } from '../../packages/collector/src/log.ts';
import { openEmbedded } from '../../packages/collector/src/storage/embedded/embedded.ts';
import { storageOnDatabase } from '../../packages/collector/src/storage/storage.ts';
import { createHost, rowsPerBatch } from '../fleet.ts';
import { treeCpu } from '../proc-cpu.ts';
import { bytesAtRest } from '../servers/bytes-at-rest.ts';

const [hostCount = 100, hours = 10] = process.argv.slice(3).map(Number);
const width = 200;
const hourMs = 3_600_000;
const roundMs = 60_000;

const data = mkdtempSync(join(tmpdir(), 'tarsier-bench-'));
chmodSync(data, 0o755);
const embedded = await openEmbedded({ dataFolder: data, use: 'own', log: silentLog });
const connection = { ...embedded.connection, database: 'postgres' };
const storage = await storageOnDatabase(connection, Date.now);
const sql = postgres({ ...connection, max: 1, onnotice() {} });

const worker = spawn(process.execPath, [join(import.meta.dirname, 'compactor.ts'), JSON.stringify(connection)], {
  stdio: ['pipe', 'pipe', 'inherit'],
});
const answers = createInterface({ input: worker.stdout })[Symbol.asyncIterator]();
const answerSchema = z.object({
  cpuSeconds: z.number(),
  failures: z.number(),
  hoursLeft: z.number(),
});

function databaseSeconds(): number {
  let seconds = 0;
  for (const [pid, used] of treeCpu(process.pid)) {
    if (pid !== process.pid && pid !== worker.pid) seconds += used;
  }
  return seconds;
}

const begin = Math.floor((Date.now() - (hours + 1) * hourMs) / hourMs) * hourMs;
await storage.ensurePartitions(begin);
await storage.ensurePartitions(Date.now());
const scope = await storage.tenants.ensure('bench');
const hosts = await Promise.all(
  Array.from({ length: hostCount }, async (_, index) => {
    const host = createHost(index, width, begin);
    const schema = await storage.series.register(scope, host.name, schemaHash(host.schema), host.schema);
    return { host, schema };
  }),
);

let seq = 0;
let samples = 0;
let compaction = { node: 0, database: 0 };
/** Of hosts, over and not sealed, after a round. */
let mostHours = 0;
const perHour = hostCount * width * 3600;
const write = (line: string): void => void process.stdout.write(`${line}\n`);

async function compact(now: number): Promise<void> {
  const databaseBefore = databaseSeconds();
  worker.stdin.write(`${now}\n`);
  const { value } = await answers.next();
  const { cpuSeconds, failures, hoursLeft } = answerSchema.parse(JSON.parse(String(value)));
  compaction = {
    node: compaction.node + cpuSeconds,
    database: compaction.database + databaseSeconds() - databaseBefore,
  };
  if (failures > 0) throw new Error(`${failures} steps failed`);
  mostHours = Math.max(mostHours, hoursLeft);
}

try {
  for (let hour = 0; hour < hours; hour++) {
    for (let round = 0; round < hourMs / roundMs; round++) {
      const from = begin + hour * hourMs + round * roundMs + 1000;
      for (let at = 0; at < roundMs; at += rowsPerBatch * 1000, seq++) {
        const t0 = from + at;
        await storage.batches.insert(
          hosts.map(({ host, schema }) => ({
            scope,
            hostId: schema.hostId,
            epoch: begin,
            seq,
            t0,
            t1: t0 + (rowsPerBatch - 1) * 1000,
            rows: rowsPerBatch,
            schemaHash: schema.hash,
            payload: encodePayload(host.nextRows(t0), zstdCompress),
          })),
        );
      }
      samples += (perHour * roundMs) / hourMs;
      await compact(from + roundMs);
    }
    const { node, database } = compaction;
    const [waiting] = await sql<{ batches: number; bytes: number }[]>`
      select (select count(*)::int from batch) as batches,
        (select sum(pg_total_relation_size(inhrelid))::float8 from pg_inherits where inhparent = 'batch'::regclass) as bytes`;
    write(
      `hour ${hour + 1}: ${(samples / 1e6).toFixed(0)} million samples; compaction ${((node / samples) * 1e9).toFixed(0)} ns Node + ` +
        `${((database / samples) * 1e9).toFixed(0)} ns PostgreSQL a sample; ${waiting?.batches} batches in ${((waiting?.bytes ?? 0) / 1e6).toFixed(0)} MB wait, at most ${mostHours} hours of hosts that were over did after a round`,
    );
  }
  await compact(begin + hours * hourMs + 20 * 60_000);
  await compact(begin + hours * hourMs + 30 * 60_000);
  const during = [...(await bytesAtRest(sql)).values()].reduce((sum, bytes) => sum + bytes, 0);
  // What autovacuum does by itself within a minute or two.
  await sql.unsafe('vacuum batch, segment');
  const sizes = await bytesAtRest(sql);
  const total = [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
  const { node, database } = compaction;
  write(
    `compaction: ${(((node + database) / samples) * 1e6).toFixed(4)} CPU seconds a million samples (Node ${((node / samples) * 1e6).toFixed(4)}, PostgreSQL ${((database / samples) * 1e6).toFixed(4)})`,
  );
  write(
    `bytes a sample at rest, index, toast and all: ${(total / samples).toFixed(3)} (${(during / samples).toFixed(3)} before vacuum)`,
  );
  for (const [name, bytes] of sizes) write(`  ${name.padEnd(20)} ${(bytes / samples).toFixed(4)}`);
} finally {
  worker.stdin.end();
  await new Promise((resolve) => worker.once('exit', resolve));
  await sql.end();
  await storage.close();
  await embedded.close();
  rmSync(data, { recursive: true, force: true });
}
