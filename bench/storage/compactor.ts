/** The compactor in a process of its own, so that its CPU time is nobody else's. Runs a round for each line on stdin. */
import { createInterface } from 'node:readline';
import { silentLog } from '../../packages/collector/src/log.ts';
import { storageOnDatabase } from '../../packages/collector/src/storage/storage.ts';

const connection: unknown = JSON.parse(process.argv[2] ?? '');
const storage = await storageOnDatabase(connection as Parameters<typeof storageOnDatabase>[0], Date.now);
const compactor = storage.createCompactor(silentLog);

for await (const line of createInterface({ input: process.stdin })) {
  const before = process.cpuUsage();
  const stats = await compactor.run(Number(line));
  const { user, system } = process.cpuUsage(before);
  process.stdout.write(`${JSON.stringify({ ...stats, cpuSeconds: (user + system) / 1e6 })}\n`);
}
await storage.close();
