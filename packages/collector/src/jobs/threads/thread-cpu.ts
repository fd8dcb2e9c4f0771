import { threadCpuUsage } from 'node:process';

/** CPU time of the calling thread, ms; undefined where this Node.js can't tell (before 23.9). */
export function threadCpuMs(): number | undefined {
  if (typeof threadCpuUsage !== 'function') return undefined;
  const { user, system } = threadCpuUsage();
  return (user + system) / 1_000;
}
