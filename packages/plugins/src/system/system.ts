import { z } from 'zod';
import { ByteFields } from '../text/byte-fields.ts';
import type { Host } from '../host/host.ts';
import { definePlugin, type ScrapeOutput } from '../plugin.ts';
import { roundRatio } from '../samples/ratio.ts';
import { parsePressure } from './pressure.ts';

const softIrqs = [
  'hi',
  'timer',
  'net_tx',
  'net_rx',
  'block',
  'irq_poll',
  'tasklet',
  'sched',
  'hrtimer',
  'rcu',
] as const;
const resources = ['cpu', 'memory', 'io', 'irq'] as const;

export const system = definePlugin({
  name: 'system',
  summary: 'The kernel: uptime, switches, interrupts, open files, pressure.',
  config: z.object({
    pressure: z.boolean().default(true).describe('Also pressure stall information, where the kernel has it.'),
  }),
  metrics: {
    system_info: { kind: 'gauge', unit: '', help: 'What the host is, in labels; always 1.' },
    system_uptime_seconds: { kind: 'gauge', unit: 'seconds', help: 'Time since boot.' },
    system_boot_time_seconds: { kind: 'gauge', unit: 'seconds', help: 'When the host was booted, Unix time.' },
    system_context_switches_total: { kind: 'counter', unit: '', help: 'Switches between tasks.' },
    system_interrupts_total: { kind: 'counter', unit: '', help: 'Interrupts served.' },
    system_soft_interrupts_total: { kind: 'counter', unit: '', help: 'Soft interrupts served, by type.' },
    system_forks_total: { kind: 'counter', unit: '', help: 'Processes and threads begun.' },
    system_files_open: { kind: 'gauge', unit: '', help: 'Files that are open.' },
    system_files_open_limit: { kind: 'gauge', unit: '', help: 'Files that may be open.' },
    system_entropy_available_bits: { kind: 'gauge', unit: 'bits', help: 'Entropy in the random number pool.' },
    system_pressure_ratio: {
      kind: 'gauge',
      unit: 'ratio',
      help: 'Share of the last ten seconds in which tasks waited for a resource.',
    },
    system_pressure_seconds_total: {
      kind: 'counter',
      unit: 'seconds',
      help: 'Time in which tasks waited for a resource.',
    },
  },
  create({ config, host }) {
    const { os, kernel, architecture, cpuModel } = host.portable.facts();
    const scrapeStat = createStat(host);
    const facts = { os, kernel, architecture, cpu_model: cpuModel };
    return {
      scrape(out) {
        out.gauge('system_info', 1, facts);
        if (!host.hasProc) {
          out.gauge('system_uptime_seconds', host.uptimeSeconds());
          return;
        }
        out.gauge('system_uptime_seconds', Number.parseFloat(host.readProc('uptime')));
        scrapeStat(out);
        scrapeFiles(host, out);
        if (config.pressure) scrapePressure(host, out);
      },
    };
  },
});

/** Fields of /proc/stat (proc(5)). */
const statFields = ['ctxt', 'intr', 'btime', 'processes', 'softirq'] as const;

function createStat(host: Host): (out: ScrapeOutput) => void {
  const stat = new ByteFields(statFields);
  // Their sum comes first.
  const softIrqCounts = new Float64Array(1 + softIrqs.length);
  return (out) => {
    stat.read(host.readProcBytes('stat') ?? new Uint8Array());
    const [switches = Number.NaN, interrupts = Number.NaN, boot = Number.NaN, forks = Number.NaN] = stat.values;
    out.counter('system_context_switches_total', switches);
    out.counter('system_interrupts_total', interrupts);
    out.gauge('system_boot_time_seconds', boot);
    out.counter('system_forks_total', forks);
    stat.numbers(statFields.indexOf('softirq'), softIrqCounts);
    for (const [index, type] of softIrqs.entries())
      out.counter('system_soft_interrupts_total', softIrqCounts[1 + index] ?? Number.NaN, { type });
  };
}

function scrapeFiles(host: Host, out: ScrapeOutput): void {
  const [open, , limit] = (host.readProcIfThere('sys/fs/file-nr') ?? '').split('\t');
  if (open !== undefined && limit !== undefined) {
    out.gauge('system_files_open', Number(open));
    out.gauge('system_files_open_limit', Number(limit));
  }
  const entropy = host.readProcIfThere('sys/kernel/random/entropy_avail');
  if (entropy !== undefined) out.gauge('system_entropy_available_bits', Number(entropy));
}

function scrapePressure(host: Host, out: ScrapeOutput): void {
  for (const resource of resources) {
    for (const { share, last10s, totalSeconds } of parsePressure(host.readProcIfThere(`pressure/${resource}`) ?? '')) {
      out.gauge('system_pressure_ratio', roundRatio(last10s), { resource, share });
      out.counter('system_pressure_seconds_total', totalSeconds, { resource, share });
    }
  }
}
