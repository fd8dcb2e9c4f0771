import { z } from 'zod';
import type { Host } from '../host/host.ts';
import { definePlugin, type ScrapeOutput } from '../plugin.ts';
import { createInterfaces, perInterface } from './interfaces.ts';
import { createProtocolCounts, protocols, protocols6 } from './protocols.ts';

export const network = definePlugin({
  name: 'network',
  summary: 'Traffic and errors of network interfaces and protocols.',
  config: z.object({
    exclude: z
      .string()
      .default('^(lo|ifb|veth|docker|br-|cni|flannel|cali|tap|virbr)')
      .describe('Interfaces that match this regular expression are left out.'),
    maxInterfaces: z
      .int()
      .min(1)
      .max(1_000)
      .default(60)
      .describe('At most so many interfaces, those with most traffic first. One has up to 15 series.'),
    protocols: z.boolean().default(true).describe('Also counts of TCP, UDP, IP and ICMP.'),
  }),
  metrics: {
    ...Object.fromEntries(
      perInterface.map(([metric, , unit, help]) => [metric, { kind: 'counter' as const, unit, help }]),
    ),
    network_used_ratio: {
      kind: 'gauge',
      unit: 'ratio',
      help: 'Share of the link in use since the scrape before, in the busier direction; where its speed is known.',
    },
    network_up: { kind: 'gauge', unit: '', help: 'Whether the link is up: 1 or 0; every ten seconds.' },
    network_speed_bytes: { kind: 'gauge', unit: 'bytes', help: 'Bytes per second that the link can carry.' },
    network_carrier_changes_total: { kind: 'counter', unit: '', help: 'Times the link went up or down.' },
    ...Object.fromEntries(
      [...Object.values(protocols), ...Object.values(protocols6)].map(([metric, kind, help, unit = '']) => [
        metric,
        { kind, unit, help },
      ]),
    ),
  },
  create({ config: { exclude, maxInterfaces, protocols: withProtocols }, host, warn }) {
    const interfaces = createInterfaces(host, { excluded: new RegExp(exclude, 'u'), maxInterfaces, warn });
    const counts = createProtocolCounts(host);
    return {
      scrape(out) {
        if (!host.hasProc) return scrapePortable(host, out);
        if (withProtocols) counts.put(out);
        return interfaces.put(out);
      },
    };
  },
});

async function scrapePortable(host: Host, out: ScrapeOutput): Promise<void> {
  for (const one of await host.portable.interfaces()) {
    const labels = { interface: one.name };
    out.counter('network_received_bytes_total', one.receivedBytes, labels);
    out.counter('network_received_packets_total', one.receivedPackets, labels);
    out.counter('network_receive_errors_total', one.receiveErrors, labels);
    out.counter('network_sent_bytes_total', one.sentBytes, labels);
    out.counter('network_sent_packets_total', one.sentPackets, labels);
    out.counter('network_send_errors_total', one.sendErrors, labels);
  }
}
