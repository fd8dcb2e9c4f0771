import { z } from 'zod';
import type { Host } from '../host/host.ts';
import { definePlugin } from '../plugin.ts';
import { roundRatio } from '../samples/ratio.ts';
import { createFrequencies } from './frequency.ts';
import { cpuModes, guestShareBetween, parseProcStat, sharesBetween, type CpuTimes } from './proc-stat.ts';

const idleMode = cpuModes.indexOf('idle');
const waitMode = cpuModes.indexOf('iowait');

/** Where the cores' time went, as shares since the scrape before. */
export const cpu = definePlugin({
  name: 'cpu',
  summary: 'Where the time of the processor cores goes.',
  config: z.object({
    perCpu: z.boolean().default(true).describe('Also each core, besides all of them together.'),
  }),
  metrics: {
    cpu_usage_ratio: { kind: 'gauge', unit: 'ratio', help: 'Share of time spent in a mode since the scrape before.' },
    cpu_busy_ratio: { kind: 'gauge', unit: 'ratio', help: 'Share of time spent neither idle nor waiting for I/O.' },
    cpu_guest_ratio: {
      kind: 'gauge',
      unit: 'ratio',
      help: 'Share of time in which virtual machines ran, which user and nice have as well; on hosts that had some.',
    },
    cpu_frequency_hertz: { kind: 'gauge', unit: 'hertz', help: 'How fast a core runs; every ten seconds.' },
    cpu_throttles_total: { kind: 'counter', unit: '', help: 'Times that heat slowed a core down.' },
    cpu_cores: { kind: 'gauge', unit: '', help: 'Cores that are online.' },
  },
  create({ config, host }) {
    let previous = new Map<string, CpuTimes>();
    const frequencies = createFrequencies(host);
    return {
      scrape(out) {
        const current = readTimes(host);
        for (const times of current) {
          const before = previous.get(times.cpu);
          if (before === undefined || (times.cpu !== 'all' && !config.perCpu)) continue;
          const shares = sharesBetween(before, times);
          if (shares === undefined) continue;
          for (const [mode, share] of shares.entries()) {
            out.gauge('cpu_usage_ratio', roundRatio(share), { cpu: times.cpu, mode: cpuModes[mode] ?? '' });
          }
          const quiet = (shares[idleMode] ?? 0) + (shares[waitMode] ?? 0);
          out.gauge('cpu_busy_ratio', roundRatio(1 - quiet), { cpu: times.cpu });
          if (times.guest > 0)
            out.gauge('cpu_guest_ratio', roundRatio(guestShareBetween(before, times)), { cpu: times.cpu });
        }
        out.gauge('cpu_cores', current.length - 1);
        previous = new Map(current.map((times) => [times.cpu, times]));
        return host.hasProc ? frequencies.put(out) : undefined;
      },
    };
  },
});

function readTimes(host: Host): CpuTimes[] {
  if (host.hasProc) return parseProcStat(headOf(host.readProcBytes('stat')));
  const cores = host.cpuTimes().map(({ user, nice, sys, idle, irq }, core): CpuTimes => ({
    cpu: String(core),
    times: [user, nice, sys, idle, 0, irq, 0, 0],
    guest: 0,
  }));
  const all = cpuModes.map((_, mode) => cores.reduce((sum, { times }) => sum + (times[mode] ?? 0), 0));
  return [{ cpu: 'all', times: all, guest: 0 }, ...cores];
}

/** The lines of the cores, without the thousands of numbers that follow. */
function headOf(stat: Uint8Array = new Uint8Array()): string {
  const bytes = Buffer.from(stat.buffer, stat.byteOffset, stat.byteLength);
  const end = bytes.indexOf('\nintr');
  return bytes.toString('latin1', 0, end < 0 ? bytes.length : end);
}
