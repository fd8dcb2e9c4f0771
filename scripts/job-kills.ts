/** `pnpm test:job-kills [COUNT]`: kills workers of the job queue so many times (200), at every step of their work. */
import { killWorkers } from '../test/faults/jobs/kills.ts';
import { temporaryFolder } from '../test/support/processes.ts';

const [count = 200] = process.argv.slice(2).flatMap((arg) => (arg === '--' ? [] : Number(arg)));
const folder = await temporaryFolder();
try {
  const done = await killWorkers(`${folder.path}/data`, count, ({ kills }) => {
    if (kills % 10 === 0) process.stdout.write(`${kills} kills\n`);
  });
  process.stdout.write(
    `${done.kills} kills and ${done.cuts} times all connections cut: ${done.jobs} jobs ran to their end, each metered ` +
      `and charged once; ${done.takenOver} runs were taken over\n`,
  );
} finally {
  await folder.remove();
}
