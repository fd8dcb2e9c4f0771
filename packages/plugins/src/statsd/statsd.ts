import { z } from 'zod';
import { nowhere, socketSetting, udpSetting } from '../doors/address.ts';
import { createLineSocket } from '../doors/line-socket.ts';
import { createPushedSeries } from '../doors/pushed-series.ts';
import { floodSetting, idleSetting, maxSeriesSetting } from '../doors/settings.ts';
import { createTally } from '../doors/tally.ts';
import { createTokenBucket } from '../doors/token-bucket.ts';
import { createUdpDoor } from '../doors/udp-door.ts';
import { definePlugin, type MetricSpec } from '../plugin.ts';
import { createAggregate } from './aggregate.ts';

const newline = 0x0a;
/** Reading /proc/net/udp is dear where there are many sockets. */
const kernelEveryMs = 10_000;

const metrics = {
  statsd_packets_total: { kind: 'counter', unit: '', help: 'Datagrams and pieces of streams that came, by door.' },
  statsd_samples_total: { kind: 'counter', unit: '', help: 'Values that were taken.' },
  statsd_dropped_total: { kind: 'counter', unit: '', help: 'Lines and values that were not taken, by reason.' },
  statsd_ignored_total: { kind: 'counter', unit: '', help: 'Events and service checks, which are no metrics.' },
  statsd_kernel_dropped_total: {
    kind: 'counter',
    unit: '',
    help: 'Datagrams that the kernel dropped, because they came faster than they were read.',
  },
  statsd_series: { kind: 'gauge', unit: '', help: 'Series that applications push now.' },
} as const satisfies Record<string, MetricSpec>;

/** Takes what applications push as StatsD or DogStatsD. */
export const statsd = definePlugin({
  name: 'statsd',
  summary: 'Metrics that applications push as StatsD or DogStatsD.',
  dynamic: true,
  maxSeries: 5_000,
  config: z.object({
    udp: udpSetting('Address and port to take datagrams on, as 127.0.0.1:8125; nowhere when empty.'),
    socket: socketSetting('Path of a unix stream socket to take lines on; nowhere when empty.'),
    prefix: z.string().max(100).default('').describe('Put before every name.'),
    maxSeries: maxSeriesSetting,
    maxLinesPerSecond: floodSetting,
    idleSeconds: idleSetting,
    windowSeconds: z
      .int()
      .min(1)
      .max(600)
      .default(10)
      .describe('Quantiles and sizes of sets are those of one to two windows of so many seconds.'),
  }),
  metrics,
  probe: ({ config }) => nowhere(config.udp, config.socket),
  create({ config, host, warn }) {
    const now = (): number => host.now();
    const dropped = createTally('statsd_dropped_total', 'why', ['malformed', 'rate', 'too many series']);
    const ignored = createTally('statsd_ignored_total', 'what', ['event', 'check']);
    const store = createPushedSeries({
      maxSeries: config.maxSeries,
      idleMs: config.idleSeconds * 1000,
      now,
      warn,
      countsFromZero: true,
      reserved: new Set(Object.keys(metrics)),
    });
    const aggregate = createAggregate({
      store,
      prefix: config.prefix,
      windowMs: config.windowSeconds * 1000,
      maxCached: 2 * config.maxSeries,
      now,
      onDropped: dropped.add,
      onIgnored: ignored.add,
    });
    const tokens = createTokenBucket(config.maxLinesPerSecond, now);
    const packets = createTally('statsd_packets_total', 'door', [
      ...(config.udp === '' ? [] : ['udp']),
      ...(config.socket === '' ? [] : ['socket']),
    ]);

    const udp =
      config.udp === ''
        ? undefined
        : createUdpDoor(host, config.udp, (bytes) => {
            packets.add('udp');
            let lines = 1;
            for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, at + 1)) lines++;
            if (tokens.take(lines)) aggregate.take(bytes.toString());
            else dropped.add('rate', lines);
          });
    const socket =
      config.socket === ''
        ? undefined
        : createLineSocket({
            path: config.socket,
            onLines(text) {
              packets.add('socket');
              const lines = text.split('\n').length;
              if (tokens.take(lines)) aggregate.take(text);
              else dropped.add('rate', lines);
            },
            onTooLong: () => dropped.add('malformed'),
          });

    let kernelAt = Number.NEGATIVE_INFINITY;
    let kernelDrops: number | undefined;
    return {
      async scrape(out) {
        await udp?.listening();
        await socket?.listening();
        aggregate.put(out);
        packets.put(out);
        dropped.put(out);
        ignored.put(out);
        out.counter('statsd_samples_total', aggregate.samples);
        out.gauge('statsd_series', store.size);
        if (udp !== undefined && now() - kernelAt >= kernelEveryMs) {
          kernelAt = now();
          kernelDrops = udp.kernelDrops();
        }
        if (kernelDrops !== undefined) out.counter('statsd_kernel_dropped_total', kernelDrops);
      },
      async close() {
        await udp?.close();
        await socket?.close();
      },
    };
  },
});
