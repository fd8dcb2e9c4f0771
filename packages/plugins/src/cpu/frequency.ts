/** How fast each core runs, and how often heat slowed it down. Virtual machines have neither. */
import type { Host } from '../host/host.ts';
import type { ScrapeOutput } from '../plugin.ts';

/** Reading a frequency may take an interrupt of that core. */
const everyMs = 10_000;
/** More would cost more than the knowledge is worth. */
const maxCores = 64;

export interface Frequencies {
  /** Puts them out when it is time to. @returns undefined when it is not */
  put(out: ScrapeOutput): Promise<void> | undefined;
}

/** Kernel: Documentation/admin-guide/pm/cpufreq.rst, Documentation/ABI/testing/sysfs-devices-system-cpu. */
export function createFrequencies(host: Host): Frequencies {
  let cores: readonly string[] | undefined;
  let dueAt = Number.NEGATIVE_INFINITY;

  async function read(out: ScrapeOutput): Promise<void> {
    // Cores that come online later are not missed: they have a folder already.
    cores ??= host
      .listSys('devices/system/cpu')
      .flatMap((name) => /^cpu(\d+)$/u.exec(name)?.[1] ?? [])
      .filter((core) => {
        const folder = host.listSys(`devices/system/cpu/cpu${core}`);
        return folder.includes('cpufreq') || folder.includes('thermal_throttle');
      })
      .slice(0, maxCores);
    for (const cpu of cores) {
      const folder = `devices/system/cpu/cpu${cpu}`;
      const [kilohertz, throttles] = await Promise.all([
        host.readSysSlowly(`${folder}/cpufreq/scaling_cur_freq`),
        host.readSysSlowly(`${folder}/thermal_throttle/core_throttle_count`),
      ]);
      out.gauge('cpu_frequency_hertz', Number(kilohertz ?? Number.NaN) * 1000, { cpu });
      out.counter('cpu_throttles_total', Number(throttles ?? Number.NaN), { cpu });
    }
  }

  return {
    put(out) {
      if (host.now() < dueAt) return undefined;
      dueAt = host.now() + everyMs;
      return read(out);
    },
  };
}
