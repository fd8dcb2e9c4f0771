import { describeError } from '@tarsier/protocol';
import { z } from 'zod';
import { cleanText } from '../text/label-text.ts';
import { definePlugin } from '../plugin.ts';
import { readAnswer, readScan } from './answer.ts';

const maxDevices = 50;
const runOptions = { env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' }, timeoutMs: 30_000 };

export const smart = definePlugin({
  name: 'smart',
  summary: 'Health of disks, as they tell it themselves (SMART), through smartctl.',
  intervalMs: 600_000,
  background: true,
  config: z.object({
    enabled: z.boolean().default(false).describe('Disks are asked only when this is true: it takes root.'),
    command: z
      .array(z.string())
      .min(1)
      .default(['smartctl'])
      .describe('The program and what comes before its arguments, as `["sudo", "-n", "smartctl"]`.'),
    devices: z
      .array(z.string().min(1))
      .max(maxDevices)
      .default([])
      .describe('Disks, as `/dev/sda` or `/dev/sda -d sat`; without any, those that smartctl finds.'),
  }),
  metrics: {
    smart_info: { kind: 'gauge', unit: '', help: 'What a disk is, in labels; always 1.' },
    smart_healthy: { kind: 'gauge', unit: '', help: 'Whether the disk thinks itself healthy: 1 or 0.' },
    smart_temperature_celsius: { kind: 'gauge', unit: 'celsius', help: 'Its temperature.' },
    smart_power_on_seconds_total: { kind: 'counter', unit: 'seconds', help: 'Time it has run.' },
    smart_power_cycles_total: { kind: 'counter', unit: '', help: 'Times it was switched on.' },
    smart_reallocated_sectors: { kind: 'gauge', unit: '', help: 'Sectors that were replaced by spare ones.' },
    smart_pending_sectors: { kind: 'gauge', unit: '', help: 'Sectors that could not be read and wait to be replaced.' },
    smart_offline_uncorrectable_sectors: {
      kind: 'gauge',
      unit: '',
      help: 'Sectors found unreadable by the test of itself.',
    },
    smart_uncorrectable_errors_total: { kind: 'counter', unit: '', help: 'Errors that could not be corrected.' },
    smart_command_timeouts_total: { kind: 'counter', unit: '', help: 'Commands that were not answered in time.' },
    smart_interface_errors_total: {
      kind: 'counter',
      unit: '',
      help: 'Transfers with a wrong check sum: often the cable.',
    },
    smart_critical_warnings: { kind: 'gauge', unit: '', help: 'Warnings of an NVMe disk, as a bit mask; 0 is none.' },
    smart_spare_ratio: { kind: 'gauge', unit: 'ratio', help: 'Spare capacity left, of what there was.' },
    smart_worn_ratio: { kind: 'gauge', unit: 'ratio', help: 'Share of its promised life that is used up.' },
    smart_read_bytes_total: { kind: 'counter', unit: 'bytes', help: 'Bytes read in its life.' },
    smart_written_bytes_total: { kind: 'counter', unit: 'bytes', help: 'Bytes written in its life.' },
    smart_media_errors_total: { kind: 'counter', unit: '', help: 'Data found damaged.' },
    smart_unsafe_shutdowns_total: { kind: 'counter', unit: '', help: 'Times that power went without warning.' },
  },
  async probe({ config, host }) {
    if (!config.enabled) return 'it is off unless enabled is true';
    const folders = ['/usr/sbin', '/usr/bin', '/sbin', '/bin'];
    const [program = ''] = config.command;
    const paths = program.includes('/') ? [program] : folders.map((folder) => `${folder}/${program}`);
    for (const path of paths) if ((await host.files.stat(path)) !== undefined) return undefined;
    return `${program} is not installed`;
  },
  create({ config, host, warn }) {
    const told = new Set<string>();

    async function ask(args: readonly string[], signal: AbortSignal): Promise<string> {
      const [program = '', ...before] = config.command;
      // Its exit code is a mask of findings; what matters of it is in the answer as well.
      return (await host.run(program, [...before, '--json', ...args], { ...runOptions, signal })).stdout;
    }

    return {
      async scrape(out, signal) {
        const devices =
          config.devices.length > 0
            ? config.devices.map((device) => device.split(' '))
            : readScan(await ask(['--scan'], signal)).map(({ name, type }) => [name, '-d', type]);
        for (const [name = '', ...type] of devices.slice(0, maxDevices)) {
          const device = cleanText([name, ...type.filter((part) => part.includes(','))].join(' '));
          try {
            // A disk that sleeps is left alone: waking it costs more wear than knowing is worth.
            const { labels, values, failure } = readAnswer(
              await ask(['--all', '--nocheck=standby', ...type, name], signal),
            );
            if (failure !== undefined) throw new Error(failure);
            out.gauge('smart_info', 1, { device, ...mapValues(labels, cleanText) });
            for (const [metric, value] of Object.entries(values)) out.set(out.series(metric, { device }), value);
            told.delete(device);
          } catch (error) {
            signal.throwIfAborted();
            if (!told.has(device)) warn(`${device} can not be asked: ${describeError(error)}`);
            told.add(device);
          }
        }
      },
    };
  },
});

function mapValues<Key extends string>(
  record: Readonly<Record<Key, string>>,
  change: (value: string) => string,
): Record<string, string> {
  return Object.fromEntries(Object.entries<string>(record).map(([key, value]) => [key, change(value)]));
}
