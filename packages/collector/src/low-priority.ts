import { execFile } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';
import { basename } from 'node:path';
import { platform } from 'node:process';
import { promisify } from 'node:util';

/** Below the collector's own: a third of the CPU time that it gets where both want as much. */
const niceness = 5;
/** There is no lower priority. */
const lowest = 19;

/**
 * Of a thread that works in the background: whoever serves goes first where there are too few cores. On Linux this is of
 * the calling thread alone; elsewhere it would be of the whole process, and nothing is done.
 */
export function lowerPriority(): void {
  if (platform === 'linux') setPriority(Math.min(lowest, getPriority() + niceness));
}

/** The calling thread, as Linux names it; undefined elsewhere. */
export function callingThread(): string | undefined {
  // Synchronously: what is asynchronous would be done, and answered for, by another thread.
  return platform === 'linux' ? basename(readlinkSync('/proc/thread-self')) : undefined;
}

/**
 * Of a thread whose work may wait for as long as anybody else has some: it gets what cores have left, and gives one up
 * at once to whoever wakes (`SCHED_IDLE`). Where there is no `chrt` to ask for that, it has the lowest priority.
 */
export async function yieldToAll(): Promise<void> {
  const thread = callingThread();
  if (thread === undefined) return;
  setPriority(lowest);
  await promisify(execFile)('chrt', ['-i', '-p', '0', thread]).catch(() => {});
}
