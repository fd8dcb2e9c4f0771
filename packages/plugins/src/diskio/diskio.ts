import { z } from 'zod';
import { definePlugin } from '../plugin.ts';
import { roundRatio } from '../ratio.ts';
import { parseDiskstats } from './diskstats.ts';

export const diskio = definePlugin({
  name: 'diskio',
  summary: 'What disks read and write, and how busy they are.',
  config: z.object({
    exclude: z
      .string()
      .default('^(loop|ram|zram|fd|sr)\\d')
      .describe('Devices that match this regular expression are left out.'),
    partitions: z.boolean().default(false).describe('Also partitions, not only whole disks.'),
  }),
  metrics: {
    diskio_reads_total: { kind: 'counter', unit: '', help: 'Reads completed.' },
    diskio_reads_merged_total: { kind: 'counter', unit: '', help: 'Reads that were joined with a neighbour.' },
    diskio_read_bytes_total: { kind: 'counter', unit: 'bytes', help: 'Bytes read.' },
    diskio_read_seconds_total: { kind: 'counter', unit: 'seconds', help: 'Time that reads took, summed over reads.' },
    diskio_writes_total: { kind: 'counter', unit: '', help: 'Writes completed.' },
    diskio_writes_merged_total: { kind: 'counter', unit: '', help: 'Writes that were joined with a neighbour.' },
    diskio_written_bytes_total: { kind: 'counter', unit: 'bytes', help: 'Bytes written.' },
    diskio_write_seconds_total: {
      kind: 'counter',
      unit: 'seconds',
      help: 'Time that writes took, summed over writes.',
    },
    diskio_in_flight: { kind: 'gauge', unit: '', help: 'Requests that are being served.' },
    diskio_busy_seconds_total: { kind: 'counter', unit: 'seconds', help: 'Time with at least one request.' },
    diskio_weighted_seconds_total: {
      kind: 'counter',
      unit: 'seconds',
      help: 'Time of all requests, summed: busy time times queue length.',
    },
    diskio_busy_ratio: {
      kind: 'gauge',
      unit: 'ratio',
      help: 'Share of time with at least one request since the scrape before.',
    },
  },
  create({ config, host }) {
    const excluded = new RegExp(config.exclude, 'u');
    let previous = new Map<string, number>();
    let previousAt = host.now();
    return {
      scrape(out) {
        const text = host.readProcIfThere('diskstats');
        if (text === undefined) return;
        const whole = new Set(host.listSys('block'));
        const now = host.now();
        const elapsedS = (now - previousAt) / 1000;
        const busy = new Map<string, number>();
        for (const stats of parseDiskstats(text)) {
          const { device } = stats;
          if (excluded.test(device) || (!config.partitions && !whole.has(device))) continue;
          const labels = { device };
          out.counter('diskio_reads_total', stats.reads, labels);
          out.counter('diskio_reads_merged_total', stats.readsMerged, labels);
          out.counter('diskio_read_bytes_total', stats.readBytes, labels);
          out.counter('diskio_read_seconds_total', stats.readSeconds, labels);
          out.counter('diskio_writes_total', stats.writes, labels);
          out.counter('diskio_writes_merged_total', stats.writesMerged, labels);
          out.counter('diskio_written_bytes_total', stats.writtenBytes, labels);
          out.counter('diskio_write_seconds_total', stats.writeSeconds, labels);
          out.gauge('diskio_in_flight', stats.inFlight, labels);
          out.counter('diskio_busy_seconds_total', stats.busySeconds, labels);
          out.counter('diskio_weighted_seconds_total', stats.weightedSeconds, labels);
          const before = previous.get(device);
          if (before !== undefined && stats.busySeconds >= before && elapsedS > 0) {
            out.gauge('diskio_busy_ratio', roundRatio((stats.busySeconds - before) / elapsedS), labels);
          }
          busy.set(device, stats.busySeconds);
        }
        previous = busy;
        previousAt = now;
      },
    };
  },
});
