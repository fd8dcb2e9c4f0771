/** `pnpm test:kills [COUNT] [SEED]`: kills storage so many times (100) and compares it with a model after each. */
import { killStorage } from '../test/faults/storage/kills.ts';
import { temporaryFolder } from '../test/support/processes.ts';

const [count = 100, seed = 1] = process.argv.slice(2).flatMap((arg) => (arg === '--' ? [] : Number(arg)));
const folder = await temporaryFolder();
try {
  await killStorage(`${folder.path}/data`, count, seed, (done) => {
    process.stdout.write(
      `${done.kills} kills: ${done.samples} samples stored once, none lost; ${done.answered} batches answered, ` +
        `${done.unanswered} sent again; ${done.sealedHours} hours sealed, ${done.flushedSamples} samples flushed, ` +
        `${done.droppedPartitions} partitions dropped, ${done.deletedHosts} hosts deleted\n`,
    );
  });
} finally {
  await folder.remove();
}
