import { readFileSync, rmSync, writeFileSync } from 'node:fs';

/** Who holds a lock file: a process id, and when that process began, because ids are used again. */
interface Holder {
  readonly pid: number;
  readonly started: string;
}

/**
 * Takes a lock that dies with its process: a file left by a killed one is taken over.
 *
 * @returns the release, or the id of the living process that holds it
 */
export function takeLock(file: string): { readonly release: () => void } | { readonly heldBy: number } {
  const mine: Holder = { pid: process.pid, started: startOf(process.pid) ?? '' };
  for (;;) {
    try {
      writeFileSync(file, JSON.stringify(mine), { flag: 'wx', mode: 0o600 });
      return { release: () => rmSync(file, { force: true }) };
    } catch (error) {
      if (!isAlreadyThere(error)) throw error;
    }
    const holder = readHolder(file);
    if (holder !== undefined && startOf(holder.pid) === holder.started) return { heldBy: holder.pid };
    rmSync(file, { force: true });
  }
}

function readHolder(file: string): Holder | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof value !== 'object' || value === null || !('pid' in value) || !('started' in value)) return undefined;
    return { pid: Number(value.pid), started: String(value.started) };
  } catch {
    // Torn by a crash while it was written: nobody holds it.
    return undefined;
  }
}

/** When a process began, in whatever unit the system gives; '' where it can't be told; undefined when it is gone. */
function startOf(pid: number): string | undefined {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return undefined;
  }
  try {
    // Field 22, counted after the command's closing parenthesis, which may itself hold spaces.
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    // A zombie only waits for its parent to hear of its end.
    return fields[0] === 'Z' ? undefined : (fields[19] ?? '');
  } catch {
    return '';
  }
}

function isAlreadyThere(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EEXIST';
}
