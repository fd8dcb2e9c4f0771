/** Energy that the processor has used, by what /sys/class/powercap tells of: its counters begin anew in between. */
import type { Host } from '../host/host.ts';
import { labelText } from '../text/label-text.ts';

interface Zone {
  readonly name: string;
  readonly path: string;
  /** The counter begins anew after that, microjoules. */
  readonly rangeMicrojoules: number;
  previous: number | undefined;
  joules: number;
}

export interface EnergyMeter {
  /** Joules since the first reading, by zone. */
  read(): ReadonlyMap<string, number>;
}

/** @returns undefined when there is none, or the agent may not read it: since 2020 (CVE-2020-8694) only root may */
export function createEnergyMeter(host: Host): EnergyMeter | undefined {
  const zones = host.listSys('class/powercap').flatMap((folder): Zone[] => {
    const path = `class/powercap/${folder}`;
    // Another way to the same counters.
    if (folder.includes('mmio')) return [];
    if (!folder.includes(':') || host.readSysOnce(`${path}/energy_uj`) === undefined) return [];
    const parent = /^(.+:\d+):\d+$/u.exec(folder)?.[1];
    const own = labelText(host.readSysOnce(`${path}/name`)?.trim() ?? folder);
    const above = parent === undefined ? undefined : host.readSysOnce(`class/powercap/${parent}/name`)?.trim();
    const name = above === undefined ? own : `${labelText(above)}/${own}`;
    const rangeMicrojoules = Number(host.readSysOnce(`${path}/max_energy_range_uj`) ?? Number.NaN);
    return [{ name, path, rangeMicrojoules, previous: undefined, joules: 0 }];
  });
  if (zones.length === 0) return undefined;
  return {
    read() {
      const joules = new Map<string, number>();
      for (const zone of zones) {
        const now = Number(host.readSysOnce(`${zone.path}/energy_uj`) ?? Number.NaN);
        if (!Number.isFinite(now)) continue;
        const spent = now - (zone.previous ?? now);
        // It began anew.
        if (spent >= 0) zone.joules += spent / 1e6;
        else if (zone.rangeMicrojoules > 0) zone.joules += (spent + zone.rangeMicrojoules) / 1e6;
        zone.previous = now;
        joules.set(zone.name, (joules.get(zone.name) ?? 0) + zone.joules);
      }
      return joules;
    },
  };
}
