/**
 * `pnpm test:overload [AGENTS] [SECONDS]`: a tenant of so many agents (1,500) asks a collector for three times of what it
 * has CPU for, for so long (60), beside a tenant that asks for little. Fails when a sample is lost, the collector does
 * not answer, or its memory is not bounded.
 */
import { describeSpread } from '../test/alerts/stages.ts';
import { overload } from '../test/fleet/overload.ts';

const [agents = 1_500, seconds = 60] = process.argv.slice(2).flatMap((arg) => (arg === '--' ? [] : Number(arg)));
/** More than that is not waiting connections and garbage any more. */
const mostGrowth = 2;
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const report = await overload({ agents, seconds, say });
if (report === undefined) {
  say('control groups can not be made here: run it as root, on Linux');
  process.exitCode = 1;
} else {
  const { cores, rate, small, health, memory, answers, catchUpS, counts, storedSamples } = report;
  say(
    `\nasked for ${cores.asked.toFixed(2)} cores, got ${cores.given.toFixed(2)}: ${Math.round(rate.offered)} samples/s came, ${Math.round(rate.stored)} were stored (both tenants)`,
  );
  say(`answers to the flood ${JSON.stringify(answers)}`);
  say(describeSpread('small tenant before', small.before) + describeSpread('during', small.during).trimEnd());
  say(`${describeSpread('health', health).trimEnd()}; ${health.failed} without an answer`);
  say(
    `memory ${memory.before} MiB before, at most ${memory.most}, ${memory.after} after; caught up in ${catchUpS.toFixed(1)} s`,
  );
  const { flood, small: little } = counts;
  const taken = flood.takenSamples + little.takenSamples;
  const sent = flood.sentSamples + little.sentSamples;
  say(
    `taken ${taken}, sent ${sent}, stored ${storedSamples}; dropped ${JSON.stringify({ ...flood.dropped, ...little.dropped })}`,
  );
  const all = taken === sent && sent === storedSamples;
  if (!all || health.failed > 0 || memory.most > memory.before * mostGrowth) process.exitCode = 1;
}
