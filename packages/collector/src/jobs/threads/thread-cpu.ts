import { readFile } from 'node:fs/promises';
import { threadCpuUsage } from 'node:process';

/** CPU time of the calling thread, ms; undefined where this Node.js can't tell (before 23.9). */
export function threadCpuMs(): number | undefined {
  if (typeof threadCpuUsage !== 'function') return undefined;
  const { user, system } = threadCpuUsage();
  return (user + system) / 1_000;
}

/**
 * How long a thread of this process was ready to run so far and did not, because others had the cores, ms. 0 where that
 * can't be told.
 */
export async function keptWaitingMs(thread: string | undefined): Promise<number> {
  if (thread === undefined) return 0;
  try {
    // Nanoseconds: ran, waited to; and how often it ran.
    const [, waited] = (await readFile(`/proc/self/task/${thread}/schedstat`, 'utf8')).split(' ');
    return Number(waited) / 1e6;
  } catch {
    // It has ended meanwhile, or the kernel keeps no account.
    return 0;
  }
}
