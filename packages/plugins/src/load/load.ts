import { z } from 'zod';
import { definePlugin } from '../plugin.ts';

const windows = ['1m', '5m', '15m'] as const;

export const load = definePlugin({
  name: 'load',
  summary: 'How many tasks run or wait to run, on average.',
  config: z.object({}),
  metrics: {
    load_average: {
      kind: 'gauge',
      unit: '',
      help: 'Tasks that run, wait to run or wait for a disk, averaged over a window.',
    },
  },
  create({ host }) {
    return {
      scrape(out) {
        const averages = host.hasProc ? host.readProc('loadavg').split(' ').map(Number) : host.loadAverage();
        for (const [index, window] of windows.entries())
          out.gauge('load_average', averages[index] ?? Number.NaN, { window });
      },
    };
  },
});
