/**
 * Adds processes up by the group that they belong to, and decides which groups have series of their own. Pure: it is
 * told what each process was found to be.
 */

/** One process at one look. Counts are since it began. */
export interface Finding {
  readonly pid: number;
  readonly startTicks: number;
  readonly group: string;
  readonly cpuTicks: number;
  readonly majorFaults: number;
  readonly threads: number;
  readonly residentPages: number;
  /** NaN where not looked at, or not to be seen by the agent's user. */
  readonly readBytes: number;
  readonly writtenBytes: number;
  readonly openFiles: number;
}

/** Sums of a group: counts never fall, whatever processes end. */
export interface GroupTotals {
  readonly name: string;
  processes: number;
  threads: number;
  residentPages: number;
  openFiles: number;
  /** NaN when it has no process. */
  oldestStartTicks: number;
  cpuTicks: number;
  majorFaults: number;
  readBytes: number;
  writtenBytes: number;
}

export interface TallyOptions {
  /** Groups that always have series of their own. */
  readonly named: readonly string[];
  /** So many by CPU time and so many by memory. */
  readonly top: number;
  /** Most that ever get series of their own by being on top. */
  readonly maxGroups: number;
  readonly warn: (message: string) => void;
}

export interface Tally {
  /** @param processes  all there are now; @returns groups that have series, the rest summed in one more */
  look(processes: Iterable<Finding>): readonly GroupTotals[];
}

/** All without series of their own. */
export const otherGroup = 'other';
/** On top so often in a row: what is gone at the next look is not worth a series for ever. */
const steadyLooks = 2;
/** Less than 50 ms of CPU time since the look before is not busy, whoever else is even less so. */
const leastTicks = 5;

const counts = ['cpuTicks', 'majorFaults', 'readBytes', 'writtenBytes'] as const;

export function createTally({ named, top, maxGroups, warn }: TallyOptions): Tally {
  const groups = new Map<string, GroupTotals & { cpuTicksBefore: number }>();
  let seen = new Map<number, Finding>();
  const shown = new Set(named);
  const onTop = new Map<string, number>();
  const other = emptyTotals(otherGroup);
  let looks = 0;
  let lastStartTicks = 0;
  let warned = false;

  function groupOf(name: string): GroupTotals & { cpuTicksBefore: number } {
    let group = groups.get(name);
    if (group === undefined) groups.set(name, (group = { ...emptyTotals(name), cpuTicksBefore: 0 }));
    return group;
  }

  function add(totals: GroupTotals, process: Finding, before: Finding | undefined): void {
    totals.processes++;
    totals.threads += process.threads;
    totals.residentPages += process.residentPages;
    if (!Number.isNaN(process.openFiles)) totals.openFiles += process.openFiles;
    if (!(process.startTicks >= totals.oldestStartTicks)) totals.oldestStartTicks = process.startTicks;
    for (const count of counts) {
      const spent = process[count] - (before?.[count] ?? 0);
      if (spent > 0 && spent < Infinity) totals[count] += spent;
    }
  }

  /** What it spent before it was first seen counts only when it began after the look before. */
  function beforeOf(process: Finding): Finding | undefined {
    const before = seen.get(process.pid);
    if (before?.startTicks === process.startTicks) return before;
    return looks > 0 && process.startTicks > lastStartTicks ? undefined : process;
  }

  function choose(): void {
    const candidates = [...groups.values()];
    const spent = (group: { cpuTicks: number; cpuTicksBefore: number }): number =>
      group.cpuTicks - group.cpuTicksBefore;
    const busiest = candidates.filter((group) => spent(group) >= leastTicks).toSorted((a, b) => spent(b) - spent(a));
    const largest = candidates
      .filter(({ residentPages }) => residentPages > 0)
      .toSorted((a, b) => b.residentPages - a.residentPages);
    const leaders = new Set([...busiest.slice(0, top), ...largest.slice(0, top)].map(({ name }) => name));
    for (const name of onTop.keys()) if (!leaders.has(name)) onTop.delete(name);
    for (const name of leaders) {
      const times = (onTop.get(name) ?? 0) + 1;
      onTop.set(name, times);
      if (shown.has(name) || (times < steadyLooks && looks > 0)) continue;
      if (shown.size - named.length < maxGroups) shown.add(name);
      else if (!warned) {
        warned = true;
        warn(
          `${name} has no series of its own: maxGroups (${maxGroups}) have some already; it counts as ${otherGroup}`,
        );
      }
    }
  }

  return {
    look(processes) {
      const now = new Map<number, Finding>();
      for (const group of groups.values()) {
        reset(group);
        group.cpuTicksBefore = group.cpuTicks;
      }
      reset(other);
      for (const name of named) groupOf(name);
      let latestStartTicks = lastStartTicks;
      for (const process of processes) {
        now.set(process.pid, process);
        latestStartTicks = Math.max(latestStartTicks, process.startTicks);
        add(groupOf(process.group), process, beforeOf(process));
      }
      choose();
      for (const process of now.values()) {
        if (!shown.has(process.group)) add(other, process, beforeOf(process));
      }
      for (const [name, { processes: count }] of groups) if (count === 0 && !shown.has(name)) groups.delete(name);
      seen = now;
      lastStartTicks = latestStartTicks;
      looks++;
      return [...[...shown].map(groupOf), other];
    },
  };
}

function emptyTotals(name: string): GroupTotals {
  return {
    name,
    processes: 0,
    threads: 0,
    residentPages: 0,
    openFiles: 0,
    oldestStartTicks: Number.NaN,
    cpuTicks: 0,
    majorFaults: 0,
    readBytes: 0,
    writtenBytes: 0,
  };
}

/** What is counted anew at each look. */
function reset(totals: GroupTotals): void {
  totals.processes = totals.threads = totals.residentPages = totals.openFiles = 0;
  totals.oldestStartTicks = Number.NaN;
}
