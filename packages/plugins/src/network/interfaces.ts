/** Hot file: counts of each interface, how much of its link is in use, and whether that is up. */
import { createChosen } from '../samples/chosen.ts';
import type { Host } from '../host/host.ts';
import { labelText } from '../text/label-text.ts';
import type { ScrapeOutput } from '../plugin.ts';
import { roundRatio } from '../samples/ratio.ts';
import { eachInterface, netDevFields } from './net-dev.ts';

export const perInterface: readonly (readonly [
  metric: string,
  field: (typeof netDevFields)[number],
  unit: string,
  help: string,
])[] = [
  ['network_received_bytes_total', 'receivedBytes', 'bytes', 'Bytes received.'],
  ['network_received_packets_total', 'receivedPackets', '', 'Packets received.'],
  ['network_receive_errors_total', 'receiveErrors', '', 'Packets received with an error.'],
  ['network_receive_dropped_total', 'receiveDropped', '', 'Packets received and dropped.'],
  ['network_multicast_packets_total', 'multicastReceived', '', 'Multicast packets received.'],
  ['network_sent_bytes_total', 'sentBytes', 'bytes', 'Bytes sent.'],
  ['network_sent_packets_total', 'sentPackets', '', 'Packets sent.'],
  ['network_send_errors_total', 'sendErrors', '', 'Packets that could not be sent.'],
  ['network_send_dropped_total', 'sendDropped', '', 'Packets dropped before they were sent.'],
  ['network_collisions_total', 'collisions', '', 'Collisions on the wire.'],
  ['network_carrier_losses_total', 'carrierLosses', '', 'Times the carrier was lost.'],
];

const received = netDevFields.indexOf('receivedBytes');
const sent = netDevFields.indexOf('sentBytes');
const fieldIndexes = perInterface.map(([, field]) => netDevFields.indexOf(field));

/** Links change seldom, and some drivers take a while to tell of them. */
const linkMs = 10_000;
/** Who is there is looked at again after that; the numbers of the chosen come each time. */
const chooseMs = 10_000;

interface Link {
  /** 1 or 0; NaN where an interface has no such state, as tunnels. */
  readonly up: number;
  /** Bytes per second; NaN where it is not known. */
  readonly speed: number;
  readonly carrierChanges: number;
}

interface Interface {
  readonly labels: { readonly interface: string };
  /** In the order of {@link perInterface}. */
  readonly handles: readonly number[];
  previousReceived: number;
  previousSent: number;
  link: Link | undefined;
}

export interface Interfaces {
  /** @returns undefined when all is put out already */
  put(out: ScrapeOutput): Promise<void> | undefined;
}

export function createInterfaces(
  host: Host,
  {
    excluded,
    maxInterfaces,
    warn,
  }: { readonly excluded: RegExp; readonly maxInterfaces: number; readonly warn: (message: string) => void },
): Interfaces {
  const chosen = createChosen(maxInterfaces, {
    warn,
    full: (count) =>
      `${count} interfaces, of which maxInterfaces (${maxInterfaces}) are measured: those with most traffic`,
  });
  const known = new Map<string, Interface>();
  let choseAt = Number.NEGATIVE_INFINITY;
  let linksAt = Number.NEGATIVE_INFINITY;
  let previousAt = Number.NaN;

  function choose(text: string): void {
    const traffic = new Map<string, number>();
    eachInterface(
      text,
      (name) => !excluded.test(name),
      (name, values) => traffic.set(name, (values[received] ?? 0) + (values[sent] ?? 0)),
    );
    chosen.offer(traffic);
    for (const name of known.keys()) if (!chosen.has(name)) known.delete(name);
  }

  function interfaceOf(name: string, out: ScrapeOutput): Interface {
    let one = known.get(name);
    if (one === undefined) {
      const labels = { interface: labelText(name) };
      const handles = perInterface.map(([metric]) => out.series(metric, labels));
      one = { labels, handles, previousReceived: Number.NaN, previousSent: Number.NaN, link: undefined };
      known.set(name, one);
    }
    return one;
  }

  /** Kernel: Documentation/ABI/testing/sysfs-class-net. */
  async function readLink(name: string): Promise<Link> {
    // As the folder is called: names are bytes to the kernel.
    const folder = `class/net/${Buffer.from(name, 'latin1').toString()}`;
    const [state, speed, changes] = await Promise.all([
      host.readSysSlowly(`${folder}/operstate`),
      host.readSysSlowly(`${folder}/speed`),
      host.readSysSlowly(`${folder}/carrier_changes`),
    ]);
    const megabits = Number(speed ?? Number.NaN);
    const word = state?.trim();
    return {
      up: word === undefined || word === 'unknown' ? Number.NaN : Number(word === 'up'),
      speed: megabits > 0 ? megabits * 125_000 : Number.NaN,
      carrierChanges: Number(changes ?? Number.NaN),
    };
  }

  function putUse(out: ScrapeOutput, one: Interface, values: Readonly<Float64Array>, elapsedS: number): void {
    const bytesReceived = values[received] ?? Number.NaN;
    const bytesSent = values[sent] ?? Number.NaN;
    const busiest = Math.max(bytesReceived - one.previousReceived, bytesSent - one.previousSent);
    // Counts begin anew when a driver is loaded again, and wrap on 32-bit kernels.
    if (bytesReceived >= one.previousReceived && bytesSent >= one.previousSent && elapsedS > 0)
      out.gauge('network_used_ratio', roundRatio(busiest / elapsedS / (one.link?.speed ?? Number.NaN)), one.labels);
    one.previousReceived = bytesReceived;
    one.previousSent = bytesSent;
  }

  async function putLinks(out: ScrapeOutput): Promise<void> {
    for (const [name, one] of known) {
      one.link = await readLink(name);
      out.gauge('network_up', one.link.up, one.labels);
      out.gauge('network_speed_bytes', one.link.speed, one.labels);
      out.counter('network_carrier_changes_total', one.link.carrierChanges, one.labels);
    }
  }

  return {
    put(out) {
      const text = host.readProc('net/dev');
      const now = host.now();
      if (now - choseAt >= chooseMs) {
        choseAt = now;
        choose(text);
      }
      const elapsedS = (now - previousAt) / 1000;
      previousAt = now;
      eachInterface(text, chosen.has, (name, values) => {
        const one = interfaceOf(name, out);
        for (const [index, handle] of one.handles.entries())
          out.set(handle, values[fieldIndexes[index] ?? 0] ?? Number.NaN);
        putUse(out, one, values, elapsedS);
      });
      if (now - linksAt < linkMs) return undefined;
      linksAt = now;
      return putLinks(out);
    },
  };
}
