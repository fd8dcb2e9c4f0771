import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { loaderCore, type BenchServer } from './server.ts';

export const fleet = { hosts: 100, width: 200, rowsPerBatch: 10 } as const;
export const hourMs = 3_600_000;
/** After its end an hour is compacted. */
const settledMs = 25 * 60_000;

/**
 * A whole hour that is over for so long that it is compacted at once, and so is the next one: the end of all series,
 * which is stored when nothing more comes, is of that. @returns its start
 */
export function lastWholeHour(now: number): number {
  return Math.floor((now - settledMs) / hourMs) * hourMs - 2 * hourMs;
}

/** Sends `rounds` times ten seconds of the fleet, from `startMs` on. */
export async function load(
  { door: { kind, url, key } }: BenchServer,
  rounds: number,
  startMs: number,
): Promise<{ readonly samples: number; readonly bytes: number }> {
  const script = join(import.meta.dirname, 'loader.ts');
  const args = [kind, url, key, fleet.hosts, fleet.width, rounds, startMs].map(String);
  const { stdout } = await promisify(execFile)('taskset', [
    '-c',
    String(loaderCore),
    process.execPath,
    script,
    ...args,
  ]);
  return z.object({ samples: z.number(), bytes: z.number() }).parse(JSON.parse(stdout));
}
