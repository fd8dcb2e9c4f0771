import { randomBytes } from 'node:crypto';
import { describeError } from '@tarsier/protocol';
import { z } from 'zod';
import type { Host } from '../host/host.ts';
import { cleanText } from '../text/label-text.ts';
import { definePlugin, type ScrapeOutput } from '../plugin.ts';
import { parseTracking } from './chrony.ts';
import { askTime } from './sntp.ts';

const chronySocket = '/run/chrony/chronyd.sock';
const timesyncdFolder = '/run/systemd/timesync';
const runOptions = { env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' }, timeoutMs: 5_000 };
const ntpPort = 123;
const answerMs = 3_000;

export const timesync = definePlugin({
  name: 'timesync',
  summary: 'How wrong the clock is, by chrony, systemd-timesyncd and time servers.',
  intervalMs: 60_000,
  background: true,
  config: z.object({
    servers: z
      .array(
        z
          .string()
          .regex(/^[^\s:]+(?::\d+)?$|^\[[^\]\s]+\](?::\d+)?$/u, 'expected a name or address, and :port if not 123'),
      )
      .max(10)
      .default([])
      .describe('Time servers to compare the clock with, as `pool.ntp.org`: one datagram a minute each.'),
  }),
  metrics: {
    timesync_synchronized: {
      kind: 'gauge',
      unit: '',
      help: 'Whether the service that sets the clock says that it is right: 1 or 0.',
    },
    timesync_offset_seconds: {
      kind: 'gauge',
      unit: 'seconds',
      help: 'The clock less the true time, as that service knows it: positive when the clock is fast.',
    },
    timesync_root_distance_seconds: {
      kind: 'gauge',
      unit: 'seconds',
      help: 'How far away from the true time the clock can be at most.',
    },
    timesync_stratum: { kind: 'gauge', unit: '', help: 'Servers between this host and a reference clock.' },
    timesync_frequency_ppm: {
      kind: 'gauge',
      unit: 'ppm',
      help: 'How much the clock would run fast by itself, in millionths; negative when slow.',
    },
    timesync_last_sync_age_seconds: {
      kind: 'gauge',
      unit: 'seconds',
      help: 'Time since systemd-timesyncd set the clock.',
    },
    timesync_server_up: { kind: 'gauge', unit: '', help: 'Whether a time server of the settings answers: 1 or 0.' },
    timesync_server_offset_seconds: {
      kind: 'gauge',
      unit: 'seconds',
      help: 'The clock less that of the server: positive when ours is fast. Good to half of the round trip.',
    },
    timesync_server_round_trip_seconds: { kind: 'gauge', unit: 'seconds', help: 'Time to the server and back.' },
    timesync_server_stratum: { kind: 'gauge', unit: '', help: 'Servers between that one and a reference clock.' },
  },
  async probe({ config, host }) {
    if (config.servers.length > 0) return undefined;
    for (const path of [chronySocket, timesyncdFolder])
      if ((await host.files.stat(path)) !== undefined) return undefined;
    return 'neither chrony nor systemd-timesyncd runs here, and no time server is in the settings';
  },
  create({ config, host, warn }) {
    const down = new Set<string>();

    async function compare(out: ScrapeOutput, name: string, signal: AbortSignal): Promise<void> {
      const labels = { server: cleanText(name) };
      const [, bracketed, plain, port = ntpPort] = /^(?:\[(.+)\]|([^:]+))(?::(\d+))?$/u.exec(name) ?? [];
      try {
        const target = { server: bracketed ?? plain ?? name, port: Number(port), timeoutMs: answerMs };
        const answer = await askTime(host, target, randomBytes(8), signal);
        down.delete(name);
        out.gauge('timesync_server_up', 1, labels);
        out.gauge('timesync_server_offset_seconds', roundMicroseconds(answer.offsetSeconds), labels);
        out.gauge('timesync_server_round_trip_seconds', roundMicroseconds(answer.roundTripSeconds), labels);
        out.gauge('timesync_server_stratum', answer.stratum, labels);
      } catch (error) {
        out.gauge('timesync_server_up', 0, labels);
        if (!down.has(name)) warn(`the time server ${name} does not answer: ${describeError(error)}`);
        down.add(name);
      }
    }

    return {
      async scrape(out, signal) {
        await Promise.all([
          putChrony(out, host, signal),
          putTimesyncd(out, host),
          ...config.servers.map((name) => compare(out, name, signal)),
        ]);
      },
    };
  },
});

async function putChrony(out: ScrapeOutput, host: Host, signal: AbortSignal): Promise<void> {
  if ((await host.files.stat(chronySocket)) === undefined) return;
  const { stdout } = await host.run('chronyc', ['-c', '-n', 'tracking'], { ...runOptions, signal });
  const state = parseTracking(stdout);
  const labels = { source: 'chrony' };
  out.gauge('timesync_synchronized', Number(state?.isSynchronized ?? false), labels);
  if (state?.isSynchronized !== true) return;
  out.gauge('timesync_offset_seconds', state.offsetSeconds, labels);
  out.gauge('timesync_root_distance_seconds', roundMicroseconds(state.rootDistanceSeconds), labels);
  out.gauge('timesync_stratum', state.stratum, labels);
  out.gauge('timesync_frequency_ppm', state.frequencyPpm, labels);
}

/** It touches a file whenever it has set the clock (systemd-timesyncd.service(8)). */
async function putTimesyncd(out: ScrapeOutput, host: Host): Promise<void> {
  if ((await host.files.stat(timesyncdFolder)) === undefined) return;
  const synchronized = await host.files.stat(`${timesyncdFolder}/synchronized`);
  const labels = { source: 'timesyncd' };
  out.gauge('timesync_synchronized', Number(synchronized !== undefined), labels);
  if (synchronized !== undefined)
    out.gauge(
      'timesync_last_sync_age_seconds',
      Math.max(0, Math.round((host.clock() - synchronized.modifiedAt) / 1000)),
      labels,
    );
}

function roundMicroseconds(seconds: number): number {
  return Math.round(seconds * 1e6) / 1e6;
}
