import { z } from 'zod';
import type { Host } from '../host.ts';
import { definePlugin } from '../plugin.ts';

/** Letters of /proc/<pid>/stat (proc(5)) in words. */
const states: Readonly<Record<string, string>> = {
  R: 'running',
  S: 'sleeping',
  D: 'disk_sleep',
  Z: 'zombie',
  T: 'stopped',
  t: 'traced',
  I: 'idle',
};

export const processes = definePlugin({
  name: 'processes',
  summary: 'How many processes there are, and in which state.',
  intervalMs: 10_000,
  config: z.object({
    states: z.boolean().default(true).describe('Looks at every process for its state; else only at totals.'),
  }),
  metrics: {
    processes: { kind: 'gauge', unit: '', help: 'Processes, by state.' },
    processes_threads: { kind: 'gauge', unit: '', help: 'Processes and threads that exist.' },
    processes_runnable: { kind: 'gauge', unit: '', help: 'Processes and threads that run or wait for a core.' },
    processes_blocked: { kind: 'gauge', unit: '', help: 'Processes that wait for I/O.' },
  },
  create({ config, host }) {
    return {
      scrape(out) {
        // Only Linux tells: elsewhere it would take a program for each look.
        if (!host.hasProc) return;
        const [runnable, threads] = host.readProc('loadavg').split(' ')[3]?.split('/') ?? [];
        out.gauge('processes_runnable', Number(runnable));
        out.gauge('processes_threads', Number(threads));
        out.gauge(
          'processes_blocked',
          Number(/^procs_blocked (\d+)$/mu.exec(host.readProc('stat'))?.[1] ?? Number.NaN),
        );
        if (!config.states) return;
        const counts = countStates(host);
        for (const state of Object.values(states)) out.gauge('processes', counts.get(state) ?? 0, { state });
      },
    };
  },
});

function countStates(host: Host): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of host.listProc('.')) {
    if (!/^\d+$/u.test(name)) continue;
    const stat = host.readOnce(`${name}/stat`);
    // It ended while we looked.
    if (stat === undefined) continue;
    // The name before it is in parentheses and may hold some itself.
    const state = states[stat[stat.lastIndexOf(')') + 2] ?? ''] ?? 'other';
    counts.set(state, (counts.get(state) ?? 0) + 1);
  }
  return counts;
}
