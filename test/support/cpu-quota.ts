/** Gives processes less than a machine has, so that more can be asked of them than they can do. */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';

export interface CpuQuota {
  /** Of all of them together, cores. */
  set(cores: number): void;
  /** They run as they did before. */
  remove(): void;
}

/** Short, so that a process that has had its part waits for the next one only for a moment. */
const periodUs = 20_000;

/** @returns undefined where this process may not make control groups */
export function limitCpu(pids: Iterable<number>): CpuQuota | undefined {
  const name = `tarsier-${process.pid}`;
  // Version 1 has a folder for the controller, version 2 one for all.
  const [root, unified] = existsSync('/sys/fs/cgroup/cpu') ? ['/sys/fs/cgroup/cpu', false] : ['/sys/fs/cgroup', true];
  const folder = `${root}/${name}`;
  try {
    if (unified && !readFileSync(`${root}/cgroup.subtree_control`, 'utf8').includes('cpu')) return undefined;
    mkdirSync(folder);
    // A group counts as one program beside others unless it weighs more: what it gets is to be its quota.
    if (unified) writeFileSync(`${folder}/cpu.weight`, '10000');
    else writeFileSync(`${folder}/cpu.shares`, '65536');
    for (const pid of pids) writeFileSync(`${folder}/cgroup.procs`, String(pid));
  } catch {
    return undefined;
  }
  return {
    set(cores) {
      const quota = Math.max(1_000, Math.round(cores * periodUs));
      if (unified) writeFileSync(`${folder}/cpu.max`, `${quota} ${periodUs}`);
      else {
        writeFileSync(`${folder}/cpu.cfs_period_us`, String(periodUs));
        writeFileSync(`${folder}/cpu.cfs_quota_us`, String(quota));
      }
    },
    remove() {
      for (const pid of readFileSync(`${folder}/cgroup.procs`, 'utf8').split('\n').filter(Boolean)) {
        try {
          writeFileSync(`${root}/cgroup.procs`, pid);
        } catch {
          // It has ended meanwhile.
        }
      }
      rmdirSync(folder);
    },
  };
}
