/**
 * `pnpm test:chaos [MINUTES] [SEED]`: real collectors, PostgreSQL and agents, to which bad things happen for so long (30).
 * Fails when the delivery ledger does not add up, an alert fires twice, somebody is told twice, or a job is not run once.
 */
import { chaos } from '../test/faults/chaos/chaos.ts';

const [minutes = 30, seed = Math.floor(Math.random() * 2 ** 31)] = process.argv
  .slice(2)
  .flatMap((arg) => (arg === '--' ? [] : Number(arg)));
const say = (line: string): void => void process.stdout.write(`${line}\n`);
say(`seed ${seed}`);
const { faults, ledgers, alerts, told, again, jobs } = await chaos({ seconds: minutes * 60, seed, say });
for (const [what, times] of Object.entries(faults)) say(`${times} x ${what}`);
for (const [host, { taken, sent, stored, dropped, crashes }] of Object.entries(ledgers))
  say(`${host}: taken ${taken} = stored ${stored} + dropped ${dropped}; sent ${sent}; killed ${crashes} times`);
say(`alerts that fired, by host: ${JSON.stringify(alerts)}; told:\n${told.map((line) => `  ${line}`).join('\n')}`);
say(`came again under the same key: ${again}`);
say(
  `jobs: ${jobs.submitted} submitted, ${jobs.succeeded} succeeded, ${jobs.runs} runs metered, ${jobs.moreAttempts} more attempts; charged ${jobs.charged}, cost ${jobs.cost}`,
);
const once = Object.values(alerts).every((times) => times === 1);
// A run that failed, as without its database, was metered as well; another attempt followed it.
const meteredOnce = jobs.runs >= jobs.submitted && jobs.runs <= jobs.submitted + jobs.moreAttempts;
const jobsOnce = jobs.succeeded === jobs.submitted && meteredOnce && jobs.charged === jobs.cost;
const total = Object.values(faults).reduce((sum, times) => sum + times, 0);
if (!once || new Set(told).size !== told.length || again > total || !jobsOnce) process.exitCode = 1;
