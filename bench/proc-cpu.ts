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

function treeOf(root: number): ReadonlyMap<number, ProcessStat> {
  const all = readdirSync('/proc').flatMap((name) => (/^\d+$/u.test(name) ? (readStat(Number(name)) ?? []) : []));
  const tree = new Map<number, ProcessStat>();
  const add = (pid: number): void => {
    for (const stat of all) {
      if (stat.pid === pid) tree.set(pid, stat);
      else if (stat.parent === pid && !tree.has(stat.pid)) add(stat.pid);
    }
  };
  add(root);
  return tree;
}

/** CPU seconds of each process of the tree below `root`, by process id. */
export function treeCpu(root: number): ReadonlyMap<number, number> {
  return new Map([...treeOf(root)].map(([pid, { seconds }]) => [pid, seconds]));
}

/** Of a process and all below it. @throws when it is gone */
export function treeUsage(root: number): { readonly cpuSeconds: number; readonly residentBytes: number } {
  const tree = [...treeOf(root).values()];
  if (tree.length === 0) throw new Error(`process ${root} is gone`);
  return {
    cpuSeconds: tree.reduce((sum, { seconds }) => sum + seconds, 0),
    residentBytes: tree.reduce((sum, { residentBytes }) => sum + residentBytes, 0),
  };
}
