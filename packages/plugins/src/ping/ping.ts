import { z } from 'zod';
import { CheckFailure } from '../host/check-failure.ts';
import type { Host } from '../host/host.ts';
import { definePlugin } from '../plugin.ts';
import { roundRatio } from '../samples/ratio.ts';
import { createTargets, maxTargets, named, noTargets, targetName } from '../targets/targets.ts';
import { parsePing, type PingSummary } from './ping-output.ts';

const target = z.strictObject({
  name: targetName,
  // It is an argument of a program: one that begins with a dash would be an option.
  host: z
    .string()
    .regex(/^[\w.:%][\w.:%-]*$/u, 'expected a name or an address')
    .describe('Name or address.'),
});

type Target = z.infer<typeof target>;

const replySeconds = 1;
/** Least that ping programs grant to users other than root. */
const betweenSeconds = 0.2;

/** Sends ICMP echoes through the system's ping program: without native code Node has no way to. */
export const ping = definePlugin({
  name: 'ping',
  summary: 'Whether hosts answer to ICMP echo, how quickly, and how many packets are lost.',
  intervalMs: 10_000,
  background: true,
  config: z.object({
    targets: z.array(target).max(maxTargets).default([]).describe('Hosts that are pinged.'),
    count: z.int().min(1).max(20).default(3).describe('Packets that are sent to each host, 0.2 s apart.'),
    program: z.string().min(1).default('ping').describe('Program that pings, of iputils or busybox.'),
  }),
  metrics: {
    ping_up: { kind: 'gauge', unit: '', help: 'Whether at least one packet came back: 1 or 0.' },
    ping_loss_ratio: { kind: 'gauge', unit: 'ratio', help: 'Share of the packets that did not come back.' },
    ping_round_trip_seconds: {
      kind: 'gauge',
      unit: 'seconds',
      help: 'How long packets took to come back: min, avg, max of the last few.',
    },
  },
  probe: ({ config }) => noTargets(config.targets),
  create({ config, host, warn }) {
    const { count, program } = config;
    const hosts = named('ping', config.targets, (target) => target.host);
    const timeoutMs = (count * betweenSeconds + replySeconds + 1) * 1000;
    const targets = createTargets<Target>({ timeoutMs, up: 'ping_up', warn });
    return {
      async scrape(out, signal) {
        await targets.each(hosts, { out, signal }, async ({ name, host: address }, signal) => {
          const { sent, received, roundTrip } = await pingOnce(host, program, address, { count, timeoutMs, signal });
          out.gauge('ping_loss_ratio', roundRatio(1 - received / sent), { name });
          for (const [statistic, seconds] of Object.entries(roundTrip ?? {}))
            out.gauge('ping_round_trip_seconds', seconds, { name, statistic });
          if (received === 0) throw new CheckFailure('lost', `none of ${sent} packets came back`);
        });
      },
    };
  },
});

async function pingOnce(
  host: Host,
  program: string,
  address: string,
  { count, timeoutMs, signal }: { readonly count: number; readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<PingSummary> {
  const wait = host.hasProc ? ['-W', String(replySeconds)] : [];
  const { stdout, stderr } = await host.run(
    program,
    ['-n', '-q', '-c', String(count), '-i', String(betweenSeconds), ...wait, '--', address],
    { timeoutMs, signal, env: { LC_ALL: 'C', PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin' } },
  );
  const summary = parsePing(stdout);
  if (summary === undefined || summary.sent === 0)
    throw new CheckFailure('program', stderr.trim().split('\n').at(-1) || `${program} gave no summary`);
  return summary;
}
