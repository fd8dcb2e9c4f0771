/** A program leads a process group of its own, so that what it started ends with it. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';

export interface SpawnOptions {
  /** All that the program sees of the environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Numeric user and group to run as; only root may choose. */
  readonly uid?: number;
  readonly gid?: number;
}

/** Without a shell. */
export function spawnGroup(
  command: string,
  args: readonly string[],
  { env = {}, cwd, uid, gid }: SpawnOptions,
): ChildProcessWithoutNullStreams {
  return spawn(command, [...args], {
    env: { ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
    windowsHide: true,
    ...(cwd === undefined ? {} : { cwd }),
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
  });
}

export function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended by itself.
  }
}
