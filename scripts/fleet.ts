/**
 * `pnpm test:fleet [AGENTS] [SERIES] [INTERVAL_S] [SECONDS] [COLLECTORS]`: so many agents (1,000 of 200 series each 10 s)
 * against real collectors (1) for so long (60), once they are known. Fails when a sample or an alert is lost.
 */
import { describeSpread } from '../test/alerts/stages.ts';
import { runFleet } from '../test/fleet/run.ts';

const [agents = 1_000, series = 200, intervalS = 10, seconds = 60, collectors = 1] = process.argv
  .slice(2)
  .flatMap((arg) => (arg === '--' ? [] : Number(arg)));
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const report = await runFleet({
  agents,
  series,
  intervalMs: intervalS * 1_000,
  seconds,
  collectors,
  failing: Math.max(1, Math.round(agents / 1_000)),
  say,
});
const { counts, storedSamples, admissionS, lag, alert, alerts, cores, moments, databaseBytes, drainS } = report;
const { takenSamples, sentSamples, dropped, answers, missedTicks } = counts;
const most = Math.max(...moments.flatMap(({ residentBytes }) => residentBytes));
const mib = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;
const measured = (moments.at(-1)?.sentSamples ?? 0) - (moments[0]?.sentSamples ?? 0);
say(`\n${agents} agents x ${series} series each ${intervalS} s, ${collectors} collector(s), ${seconds} s`);
say(`all known after ${admissionS.toFixed(1)} s; ${Math.round(measured / Math.max(1, seconds - 1))} samples/s stored`);
say(describeSpread('tick to answer', lag) + describeSpread('sample to decision', alert).trimEnd());
say(
  `cores: collectors ${cores.collectors.toFixed(2)}, PostgreSQL ${cores.postgres.toFixed(2)}, the agents ${cores.here.toFixed(2)}`,
);
say(
  `most memory of a collector ${mib(most)}; database ${mib(databaseBytes)} (${(databaseBytes / storedSamples).toFixed(2)} bytes a sample)`,
);
say(
  `answers ${JSON.stringify(answers)}, dropped ${JSON.stringify(dropped)}, missed ticks ${missedTicks}, drained in ${drainS.toFixed(1)} s`,
);
say(
  `taken ${takenSamples}, sent ${sentSamples}, stored ${storedSamples}; alerts ${alerts.decided} of ${alerts.expected}`,
);
if (storedSamples !== takenSamples || alerts.decided !== alerts.expected) process.exitCode = 1;
