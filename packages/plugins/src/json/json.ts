import { parseJsonLines } from '@tarsier/protocol/formats';
import { z } from 'zod';
import { listenSetting, nowhere, socketSetting } from '../doors/address.ts';
import { createLineDoor, lineDoorMetrics, type TakenLines } from '../doors/line-door.ts';
import { createPushedSeries } from '../doors/pushed-series.ts';
import { floodSetting, idleSetting, maxSeriesSetting } from '../doors/settings.ts';
import { definePlugin, type MetricSpec } from '../plugin.ts';

const metrics: Readonly<Record<string, MetricSpec>> = {
  ...lineDoorMetrics('json'),
  json_series: { kind: 'gauge', unit: '', help: 'Series that applications push now.' },
};

const path = '/v1/lines';

/** Takes what applications push as JSON lines. */
export const json = definePlugin({
  name: 'json',
  summary: 'Metrics that applications push as JSON lines.',
  dynamic: true,
  maxSeries: 5_000,
  config: z.object({
    listen: listenSetting(`Where to take HTTP requests to ${path}, as 127.0.0.1:7078; nowhere when empty.`),
    socket: socketSetting('Path of a unix stream socket to take lines on; nowhere when empty.'),
    maxSeries: maxSeriesSetting,
    maxLinesPerSecond: floodSetting,
    idleSeconds: idleSetting,
  }),
  metrics,
  probe: ({ config }) => nowhere(config.listen, config.socket),
  create({ config, host, warn }) {
    const store = createPushedSeries({
      maxSeries: config.maxSeries,
      idleMs: config.idleSeconds * 1000,
      now: () => host.now(),
      warn,
      reserved: new Set(Object.keys(metrics)),
    });

    function take(text: string): TakenLines {
      const { samples, badLines, errors } = parseJsonLines(text);
      const refused = new Map<string, number>(badLines === 0 ? [] : [['malformed', badLines]]);
      const messages = errors.map(({ message }) => message);
      for (const { metric, labels, value } of samples) {
        const series = store.of(metric, labels);
        if (typeof series !== 'string') {
          series.value = value;
          continue;
        }
        const count = (refused.get(series) ?? 0) + 1;
        refused.set(series, count);
        if (count === 1) messages.push(`${metric.name}: ${series}`);
      }
      const left = [...refused.values()].reduce((sum, count) => sum + count, 0);
      return { taken: samples.length + badLines - left, refused, errors: messages };
    }

    const { listen, maxLinesPerSecond } = config;
    const socket = config.socket === '' ? undefined : { path: config.socket, take };
    const door = createLineDoor({ host, plugin: 'json', listen, routes: { [path]: take }, socket, maxLinesPerSecond });
    return {
      async scrape(out) {
        await door.listening();
        store.put(out);
        door.put(out);
        out.gauge('json_series', store.size);
      },
      close: () => door.close(),
    };
  },
});
