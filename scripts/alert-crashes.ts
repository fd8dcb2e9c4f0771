/** `pnpm test:alert-crashes [COUNT]`: kills collectors so many times (200), at every step of an alert's way to people. */
import { fileURLToPath } from 'node:url';
import { killAlerting } from '../test/faults/alerts/kills.ts';
import { killAll, temporaryFolder } from '../test/support/processes.ts';

const [count = 200] = process.argv.slice(2).flatMap((arg) => (arg === '--' ? [] : Number(arg)));
// Collectors are started by the hundred, each of which would read all of its sources anew.
process.env['NODE_COMPILE_CACHE'] ??= fileURLToPath(new URL('../node_modules/.cache/compiled', import.meta.url));
const folder = await temporaryFolder();
try {
  const done = await killAlerting(`${folder.path}/data`, count, (kills) => {
    if (kills % 10 === 0) process.stdout.write(`${kills} kills\n`);
  });
  process.stdout.write(
    `${count} kills, ${done.atPoint} of them at the point that was meant: ${done.incidents} incidents, each told once ` +
      `and its end once, in ${done.notifications} notifications, of which ${done.repeated} came twice because their ` +
      `collector had died before it recorded them\n`,
  );
} finally {
  killAll();
  await folder.remove();
}
