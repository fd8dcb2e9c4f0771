import { z } from 'zod';
import { createChosen } from '../samples/chosen.ts';
import { labelText } from '../text/label-text.ts';
import { definePlugin, type ScrapeOutput } from '../plugin.ts';
import { roundRatio } from '../samples/ratio.ts';
import { diskFields, eachDisk, sectorBytes } from './diskstats.ts';

/** Counters, by what a field is to be multiplied with and divided by: a product with 0.001 would have odd last digits. */
const counters: readonly (readonly [
  metric: string,
  field: (typeof diskFields)[number],
  multiply: number,
  divide: number,
  unit: string,
  help: string,
])[] = [
  ['diskio_reads_total', 'reads', 1, 1, '', 'Reads completed.'],
  ['diskio_reads_merged_total', 'readsMerged', 1, 1, '', 'Reads that were joined with a neighbour.'],
  ['diskio_read_bytes_total', 'sectorsRead', sectorBytes, 1, 'bytes', 'Bytes read.'],
  ['diskio_read_seconds_total', 'readMs', 1, 1000, 'seconds', 'Time that reads took, summed over reads.'],
  ['diskio_writes_total', 'writes', 1, 1, '', 'Writes completed.'],
  ['diskio_writes_merged_total', 'writesMerged', 1, 1, '', 'Writes that were joined with a neighbour.'],
  ['diskio_written_bytes_total', 'sectorsWritten', sectorBytes, 1, 'bytes', 'Bytes written.'],
  ['diskio_write_seconds_total', 'writeMs', 1, 1000, 'seconds', 'Time that writes took, summed over writes.'],
  ['diskio_busy_seconds_total', 'busyMs', 1, 1000, 'seconds', 'Time with at least one request.'],
  [
    'diskio_weighted_seconds_total',
    'weightedMs',
    1,
    1000,
    'seconds',
    'Time of all requests, summed: busy time times queue length.',
  ],
  ['diskio_discards_total', 'discards', 1, 1, '', 'Discards (TRIM) completed.'],
  ['diskio_discarded_bytes_total', 'sectorsDiscarded', sectorBytes, 1, 'bytes', 'Bytes discarded.'],
  ['diskio_flushes_total', 'flushes', 1, 1, '', "Flushes of the disk's own cache completed: what fsync waits for."],
  ['diskio_flush_seconds_total', 'flushMs', 1, 1000, 'seconds', 'Time that flushes took, summed over flushes.'],
];

// Every field of the list is there, by construction.
const indexOf = Object.fromEntries(diskFields.map((field, index) => [field, index])) as Readonly<
  Record<(typeof diskFields)[number], number>
>;
const gauges = ['diskio_in_flight', 'diskio_busy_ratio', 'diskio_queue_length'] as const;

/** Which devices there are is looked at again after that. */
const chooseMs = 10_000;

interface Disk {
  readonly counters: readonly number[];
  readonly inFlight: number;
  readonly busyRatio: number;
  readonly queueLength: number;
  readonly readLatency: number;
  readonly writeLatency: number;
  readonly previous: Float64Array;
}

export const diskio = definePlugin({
  name: 'diskio',
  summary: 'What disks read and write, how long that takes, and how busy they are.',
  config: z.object({
    exclude: z
      .string()
      .default('^(loop|ram|zram|fd|sr)\\d')
      .describe('Devices that match this regular expression are left out.'),
    partitions: z.boolean().default(false).describe('Also partitions, not only whole disks.'),
    maxDevices: z
      .int()
      .min(1)
      .max(500)
      .default(40)
      .describe('At most so many devices, those with most requests first. One has up to 19 series.'),
  }),
  metrics: {
    ...Object.fromEntries(
      counters.map(([metric, , , , unit, help]) => [metric, { kind: 'counter' as const, unit, help }]),
    ),
    diskio_in_flight: { kind: 'gauge', unit: '', help: 'Requests that are being served.' },
    diskio_busy_ratio: {
      kind: 'gauge',
      unit: 'ratio',
      help: 'Share of time with at least one request since the scrape before.',
    },
    diskio_queue_length: {
      kind: 'gauge',
      unit: '',
      help: 'Requests waiting or being served, on average since the scrape before.',
    },
    diskio_read_latency_seconds: {
      kind: 'gauge',
      unit: 'seconds',
      help: 'How long a read took, on average since the scrape before; absent when there was none.',
    },
    diskio_write_latency_seconds: {
      kind: 'gauge',
      unit: 'seconds',
      help: 'How long a write took, on average since the scrape before; absent when there was none.',
    },
  },
  create({ config, host, warn }) {
    const excluded = new RegExp(config.exclude, 'u');
    const chosen = createChosen(config.maxDevices, {
      warn,
      full: (count) =>
        `${count} disks, of which maxDevices (${config.maxDevices}) are measured: those with most requests`,
    });
    const disks = new Map<string, Disk>();
    let choseAt = Number.NEGATIVE_INFINITY;
    let previousAt = host.now();

    function choose(text: string): void {
      const whole = new Set(host.listSys('block'));
      const requests = new Map<string, number>();
      eachDisk(
        text,
        // The folder's name has `!` where the device's has a slash.
        (device) => !excluded.test(device) && (config.partitions || whole.has(device.replaceAll('/', '!'))),
        (device, values) => requests.set(device, (values[indexOf.reads] ?? 0) + (values[indexOf.writes] ?? 0)),
      );
      chosen.offer(requests);
      for (const device of disks.keys()) if (!chosen.has(device)) disks.delete(device);
    }

    function diskOf(device: string, values: Readonly<Float64Array>, out: ScrapeOutput): Disk {
      const known = disks.get(device);
      if (known !== undefined) return known;
      const labels = { device: labelText(device) };
      const [inFlight = 0, busyRatio = 0, queueLength = 0] = gauges.map((metric) => out.series(metric, labels));
      const disk = {
        counters: counters.map(([metric, field]) =>
          // What the kernel does not count has no series.
          Number.isNaN(values[indexOf[field]]) ? -1 : out.series(metric, labels),
        ),
        inFlight,
        busyRatio,
        queueLength,
        readLatency: out.series('diskio_read_latency_seconds', labels),
        writeLatency: out.series('diskio_write_latency_seconds', labels),
        previous: new Float64Array(diskFields.length).fill(Number.NaN),
      };
      disks.set(device, disk);
      return disk;
    }

    return {
      scrape(out) {
        const text = host.readProcIfThere('diskstats');
        if (text === undefined) return;
        const now = host.now();
        if (now - choseAt >= chooseMs) {
          choseAt = now;
          choose(text);
        }
        const elapsedMs = now - previousAt;
        previousAt = now;
        eachDisk(text, chosen.has, (device, values) => {
          const disk = diskOf(device, values, out);
          for (const [index, [, field, multiply, divide]] of counters.entries()) {
            const handle = disk.counters[index] ?? -1;
            if (handle >= 0) out.set(handle, ((values[indexOf[field]] ?? Number.NaN) * multiply) / divide);
          }
          out.set(disk.inFlight, values[indexOf.inFlight] ?? Number.NaN);
          const since = (field: (typeof diskFields)[number]): number =>
            (values[indexOf[field]] ?? Number.NaN) - (disk.previous[indexOf[field]] ?? Number.NaN);
          out.set(disk.busyRatio, roundRatio(shareOf(since('busyMs'), elapsedMs)));
          out.set(disk.queueLength, roundHundredths(shareOf(since('weightedMs'), elapsedMs)));
          out.set(disk.readLatency, roundMicroseconds(shareOf(since('readMs'), since('reads')) / 1000));
          out.set(disk.writeLatency, roundMicroseconds(shareOf(since('writeMs'), since('writes')) / 1000));
          disk.previous.set(values);
        });
      },
    };
  },
});

/** NaN when there is nothing to share among, or a count began anew: the kernel's are of 32 bits here and there. */
function shareOf(part: number, whole: number): number {
  return part >= 0 && whole > 0 ? part / whole : Number.NaN;
}

function roundHundredths(value: number): number {
  return Math.round(value * 100) / 100;
}

function roundMicroseconds(seconds: number): number {
  return Math.round(seconds * 1e6) / 1e6;
}
