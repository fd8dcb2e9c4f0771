import { getPriority, setPriority } from 'node:os';
import { platform } from 'node:process';

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
