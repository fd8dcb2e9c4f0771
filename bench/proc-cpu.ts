/** CPU time from /proc (Linux), children included. */
import { readdirSync, readFileSync } from 'node:fs';

const ticksPerSecond = 100;

interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  readonly seconds: number;
  readonly residentBytes: number;
}

/** User and system time of a process, and of what it started and waited for. */
function readStat(pid: number): ProcessStat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const [user = 0, system = 0, childUser = 0, childSystem = 0] = fields.slice(11, 15);
    return {
      pid,
      parent: fields[1] ?? 0,
      seconds: (user + system + childUser + childSystem) / ticksPerSecond,
      residentBytes: (fields[21] ?? 0) * 4096,
    };
  } catch {
    return undefined;
  }
}

/** CPU seconds of each process of the tree below `root`, by process id. */
export function treeCpu(root: number): ReadonlyMap<number, number> {
  const all = readdirSync('/proc').flatMap((name) => (/^\d+$/u.test(name) ? (readStat(Number(name)) ?? []) : []));
  const tree = new Map<number, number>();
  const add = (pid: number): void => {
    for (const stat of all) {
      if (stat.pid === pid) tree.set(pid, stat.seconds);
      else if (stat.parent === pid && !tree.has(stat.pid)) add(stat.pid);
    }
  };
  add(root);
  return tree;
}

export function processCpu(pid: number): { readonly cpuSeconds: number; readonly residentBytes: number } {
  const stat = readStat(pid);
  if (stat === undefined) throw new Error(`process ${pid} is gone`);
  return { cpuSeconds: stat.seconds, residentBytes: stat.residentBytes };
}
