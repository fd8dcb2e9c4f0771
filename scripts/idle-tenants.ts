/**
 * `pnpm test:idle-tenants [TENANTS] [SECONDS]`: what tenants without hosts (1,000) cost a collector that does nothing
 * else, in transactions a minute, CPU and memory. Fails at more than one transaction a minute for each.
 */
import { chmod } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import { silentLog } from '../packages/collector/src/log.ts';
import { openEmbedded } from '../packages/collector/src/storage/embedded/embedded.ts';
import { storageOnDatabase } from '../packages/collector/src/storage/storage.ts';
import { embeddedEnvironment } from '../test/support/database.ts';
import { cpuOf } from '../test/alerts/stages.ts';
import { freePort, killAll, run, temporaryFolder } from '../test/support/processes.ts';

const [tenants = 1_000, seconds = 120] = process.argv.slice(2).flatMap((arg) => (arg === '--' ? [] : Number(arg)));
const most = 1;

const folder = await temporaryFolder();
await chmod(folder.path, 0o755);
const embedded = await openEmbedded({ dataFolder: `${folder.path}/pg`, use: 'own', log: silentLog });
const connection = { ...embedded.connection, database: 'postgres' };
const storage = await storageOnDatabase(connection, Date.now);
const sql = postgres({ ...connection, max: 1, onnotice() {} });

async function committed(): Promise<number> {
  const [row] = await sql<{ count: string }[]>`
    select xact_commit as count from pg_stat_database where datname = current_database()`;
  return Number(row?.count);
}

/** Transactions a minute, and the share of a core, of a collector once it has taken all tenants over. */
async function measure() {
  const collector = run('packages/collector/src/main.ts', ['serve', '--ready-json'], {
    ...embeddedEnvironment(embedded.connection),
    TARSIER_DATA: folder.path,
    TARSIER_LISTEN: `127.0.0.1:${await freePort()}`,
  });
  await collector.lineThat((line) => (line.includes('ready') ? true : undefined));
  // All chores of a minute have run once.
  await sleep(65_000);
  const [before, cpu, began] = [await committed(), await cpuOf(collector.pid), Date.now()];
  await sleep(seconds * 1_000);
  const minutes = (Date.now() - began) / 60_000;
  const perMinute = ((await committed()) - before) / minutes;
  const share = ((await cpuOf(collector.pid)).ranMs - cpu.ranMs) / (Date.now() - began);
  await collector.end('SIGTERM');
  return { perMinute, share };
}

try {
  const alone = await measure();
  for (let index = 0; index < tenants; index++) await storage.tenants.ensure(`idle-${index}`);
  const many = await measure();
  const each = (many.perMinute - alone.perMinute) / tenants;
  process.stdout.write(
    `transactions a minute: ${Math.round(alone.perMinute)} with one tenant, ${Math.round(many.perMinute)} with ${tenants} more: ` +
      `${each.toFixed(2)} for each; main thread ${(alone.share * 100).toFixed(1)} % and ${(many.share * 100).toFixed(1)} % of a core\n`,
  );
  if (each > most) process.exitCode = 1;
} finally {
  killAll();
  await sql.end();
  await storage.close();
  await embedded.close();
  await folder.remove();
}
