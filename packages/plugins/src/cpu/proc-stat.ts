/** Modes in the order of /proc/stat (proc(5)); guest time is part of user and nice already. */
export const cpuModes = ['user', 'nice', 'system', 'idle', 'iowait', 'irq', 'softirq', 'steal'] as const;

/** Time that one core, or all, spent since boot, by mode in the order of {@link cpuModes}, in any one unit. */
export interface CpuTimes {
  /** `all`, or the core's number. */
  readonly cpu: string;
  readonly times: readonly number[];
  /** Time in which virtual machines ran: part of user and nice. */
  readonly guest: number;
}

export function parseProcStat(text: string): CpuTimes[] {
  const result: CpuTimes[] = [];
  for (const line of text.split('\n')) {
    if (!line.startsWith('cpu')) break;
    const [name = '', ...fields] = line.split(/ +/u);
    result.push({
      cpu: name === 'cpu' ? 'all' : name.slice(3),
      times: cpuModes.map((_, mode) => Number(fields[mode] ?? 0)),
      guest: Number(fields[cpuModes.length] ?? 0) + Number(fields[cpuModes.length + 1] ?? 0),
    });
  }
  return result;
}

/**
 * Share of each mode between two readings, 0 to 1, in the order of {@link cpuModes}.
 *
 * @returns undefined when no time has passed, or when time went backwards, as after a suspend or a core's return
 */
export function sharesBetween(previous: CpuTimes, current: CpuTimes): number[] | undefined {
  let total = 0;
  const shares = current.times.map((time, mode) => {
    // Idle and iowait may step back a little (proc(5)); that is no time spent.
    const spent = Math.max(0, time - (previous.times[mode] ?? 0));
    total += spent;
    return spent;
  });
  return total === 0 ? undefined : shares.map((spent) => spent / total);
}

/** Share of the time between two readings in which virtual machines ran, 0 to 1; NaN when no time has passed. */
export function guestShareBetween(previous: CpuTimes, current: CpuTimes): number {
  const total = (times: CpuTimes): number => times.times.reduce((sum, time) => sum + time, 0);
  return Math.max(0, current.guest - previous.guest) / (total(current) - total(previous));
}
