/**
 * `pnpm test:alert-storm [HOSTS] [SECONDS]`: so many hosts (500) lose what they depend on within so many seconds (30);
 * each has 8 alerts. Fails when people get more than 3 notifications, the cause is not named first, an alert is lost,
 * or the time from a sample to what is decided of it, or to the notification of the first and of the cause, is 2 s or
 * more for one in a hundred.
 */
import { describeSpread } from '../test/alerts/stages.ts';
import { storm } from '../test/alerts/storm.ts';
import { temporaryFolder } from '../test/support/processes.ts';

const [hosts = 500, seconds = 30] = process.argv.slice(2).flatMap((arg) => (arg === '--' ? [] : Number(arg)));
const most = 2_000;
const folder = await temporaryFolder();
try {
  const report = await storm(`${folder.path}/data`, { hosts, withinMs: seconds * 1_000, groupIntervalMs: 60_000 });
  const { alerts, lost, incidents, told, reasons, toDecision, firstMs, causeMs, cpu } = report;
  process.stdout.write(
    `${hosts} hosts, ${alerts} alerts in ${incidents} incident(s), ${lost} lost; ${told.length} notifications:\n` +
      told.map((line) => `  ${line}\n`).join('') +
      `of the alerts: ${Object.entries(reasons)
        .map(([reason, count]) => `${count} ${reason}`)
        .join(', ')}\n` +
      describeSpread('sample to decision', toDecision) +
      `sample to notification: the first ${firstMs} ms, the cause ${causeMs} ms\n${cpu}`,
  );
  const late = [toDecision.p99, firstMs, causeMs].some((ms) => !(ms < most));
  const named = told.slice(1).every((line) => line.includes('Database down on db-1'));
  if (late || lost > 0 || told.length > 3 || !named) process.exitCode = 1;
} finally {
  await folder.remove();
}
