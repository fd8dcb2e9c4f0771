/**
 * What a sample costs the server, all in: an hour of 100 hosts x 200 series at 1 s in batches of 10 s, sent as fast as
 * it is answered, until it is where it stays. Server on one core, loader on the other. Ours commits with fsync before
 * it answers, and scores every sample; beside it VictoriaMetrics and Prometheus, where they are installed.
 */
import { benchServers } from '../servers/all.ts';
import { cpuSeconds, type BenchServer } from '../servers/server.ts';
import { hourMs, lastWholeHour, load } from '../servers/load.ts';

const [minutes = 60, only = ''] = process.argv.slice(3);
const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function measure(server: BenchServer): Promise<void> {
  const startMs = lastWholeHour(Date.now()) + 1000;
  const before = cpuSeconds(server);
  const began = performance.now();
  const { samples, bytes } = await load(server, (Number(minutes) * 60_000) / 10_000, startMs);
  const elapsedS = (performance.now() - began) / 1000;
  const taken = cpuSeconds(server);
  await server.settle();
  const after = cpuSeconds(server);
  const sizes = await server.bytes();
  const million = samples / 1e6;
  const used = (from: typeof before, to: typeof before): number => to.main - from.main + to.others - from.others;
  say(
    `${server.name}: ${million.toFixed(1)} million samples in ${elapsedS.toFixed(1)} s, ${(bytes / samples).toFixed(2)} bytes a sample on the wire`,
  );
  say(
    `  million samples per server CPU-second: ${(million / used(before, taken)).toFixed(2)} until answered, ${(million / used(before, after)).toFixed(2)} all in`,
  );
  say(
    `  CPU ns a sample: ${((used(before, after) / million) * 1000).toFixed(0)} (${(((after.main - before.main) / million) * 1000).toFixed(0)} the server, ${(((after.others - before.others) / million) * 1000).toFixed(0)} what it started)`,
  );
  const total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  const parts = [...sizes].map(([name, size]) => `${name} ${(size / samples).toFixed(3)}`);
  say(`  bytes a sample at rest: ${(total / samples).toFixed(3)} (${parts.join(', ')})`);
}

say(`${minutes} min from ${new Date(lastWholeHour(Date.now())).toISOString()} on, of an hour of ${hourMs / 1000} s`);
for (const [name, start] of Object.entries(benchServers(only))) {
  const server = await start();
  if (server === undefined) {
    say(`${name}: not installed`);
    continue;
  }
  try {
    await measure(server);
  } finally {
    await server.stop();
  }
}
