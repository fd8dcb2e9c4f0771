import { z } from 'zod';
import type { Host } from '../host/host.ts';
import { createPace } from '../samples/pace.ts';
import { pageSize } from '../host/page-size.ts';
import { definePlugin, type ScrapeOutput } from '../plugin.ts';
import { roundRatio } from '../samples/ratio.ts';
import { addTcpTable, parseSockstat, parseSoftnet, tcpStates } from './sockets.ts';

/** Most of a core that listing connections may take: the kernel goes through a table as large as its memory suggests. */
const mostBusyRatio = 0.0002;

export const netstat = definePlugin({
  name: 'netstat',
  summary: 'Connections by state, sockets, and queues of packets.',
  config: z.object({
    maxConnections: z
      .int()
      .min(0)
      .max(1_000_000)
      .default(5_000)
      .describe('Connections are counted by state while there are no more: the kernel has to list all of them.'),
  }),
  metrics: {
    netstat_tcp_connections: { kind: 'gauge', unit: '', help: 'TCP sockets, by state.' },
    netstat_tcp_accept_backlog: {
      kind: 'gauge',
      unit: '',
      help: 'Connections that wait until a program accepts them.',
    },
    netstat_tcp_sockets: { kind: 'gauge', unit: '', help: 'TCP sockets in use, IPv6 included.' },
    netstat_tcp_time_wait: { kind: 'gauge', unit: '', help: 'TCP connections that ended a moment ago.' },
    netstat_tcp_orphans: { kind: 'gauge', unit: '', help: 'TCP sockets that no program has open any more.' },
    netstat_tcp_memory_bytes: { kind: 'gauge', unit: 'bytes', help: 'Memory of TCP buffers.' },
    netstat_udp_sockets: { kind: 'gauge', unit: '', help: 'UDP sockets in use, IPv6 included.' },
    netstat_udp_memory_bytes: { kind: 'gauge', unit: 'bytes', help: 'Memory of UDP buffers.' },
    netstat_sockets: { kind: 'gauge', unit: '', help: 'Sockets of all kinds that programs have open.' },
    netstat_softnet_packets_total: { kind: 'counter', unit: '', help: 'Packets that cores have processed.' },
    netstat_softnet_dropped_total: {
      kind: 'counter',
      unit: '',
      help: 'Packets dropped because a core had too many of them waiting.',
    },
    netstat_softnet_squeezed_total: {
      kind: 'counter',
      unit: '',
      help: 'Times that a core had to leave packets for later.',
    },
    netstat_conntrack_entries: { kind: 'gauge', unit: '', help: 'Connections that the packet filter tracks.' },
    netstat_conntrack_entries_limit: { kind: 'gauge', unit: '', help: 'Connections that it can track.' },
    netstat_conntrack_used_ratio: { kind: 'gauge', unit: 'ratio', help: 'Share of those in use.' },
  },
  probe({ host }) {
    return host.readProcIfThere('net/sockstat') === undefined ? 'there is no /proc/net/sockstat' : undefined;
  },
  create({ config, host, warn }) {
    const totals = { counts: new Float64Array(tcpStates.length), backlog: 0 };
    const pageBytes = pageSize(host);
    const pace = createPace(host, mostBusyRatio);
    let warned = false;

    function putStates(out: ScrapeOutput, connections: number, connections6: number): void {
      if (connections > config.maxConnections) {
        if (!warned && config.maxConnections > 0)
          warn(`${connections} connections are more than maxConnections (${config.maxConnections}) to count by state`);
        warned = true;
        return;
      }
      if (!pace.isDue()) return;
      const began = host.now();
      totals.counts.fill(0);
      totals.backlog = 0;
      addTcpTable(totals, host.readProcIfThere('net/tcp') ?? '');
      if (connections6 > 0) addTcpTable(totals, host.readProcIfThere('net/tcp6') ?? '');
      pace.took(host.now() - began);
      for (const [index, state] of tcpStates.entries())
        out.gauge('netstat_tcp_connections', totals.counts[index] ?? 0, { state });
      out.gauge('netstat_tcp_accept_backlog', totals.backlog);
    }

    return {
      scrape(out) {
        const stat = parseSockstat(host.readProc('net/sockstat'));
        const stat6 = parseSockstat(host.readProcIfThere('net/sockstat6') ?? '');
        const of = (field: string): number => stat.get(field) ?? Number.NaN;
        const timeWait = of('TCP.tw');
        const tcp6 = stat6.get('TCP6.inuse') ?? 0;
        const tcp = of('TCP.inuse') + tcp6;
        out.gauge('netstat_sockets', of('sockets.used'));
        out.gauge('netstat_tcp_sockets', tcp);
        out.gauge('netstat_tcp_time_wait', timeWait);
        out.gauge('netstat_tcp_orphans', of('TCP.orphan'));
        out.gauge('netstat_tcp_memory_bytes', of('TCP.mem') * pageBytes);
        out.gauge('netstat_udp_sockets', of('UDP.inuse') + (stat6.get('UDP6.inuse') ?? 0));
        out.gauge('netstat_udp_memory_bytes', of('UDP.mem') * pageBytes);
        putStates(out, tcp + timeWait, tcp6);
        putQueues(out, host);
      },
    };
  },
});

function putQueues(out: ScrapeOutput, host: Host): void {
  const softnet = host.readProcIfThere('net/softnet_stat');
  if (softnet !== undefined) {
    const { packets, dropped, squeezed } = parseSoftnet(softnet);
    out.counter('netstat_softnet_packets_total', packets);
    out.counter('netstat_softnet_dropped_total', dropped);
    out.counter('netstat_softnet_squeezed_total', squeezed);
  }
  const entries = Number(host.readProcIfThere('sys/net/netfilter/nf_conntrack_count') ?? Number.NaN);
  const limit = Number(host.readProcIfThere('sys/net/netfilter/nf_conntrack_max') ?? Number.NaN);
  out.gauge('netstat_conntrack_entries', entries);
  out.gauge('netstat_conntrack_entries_limit', limit);
  out.gauge('netstat_conntrack_used_ratio', roundRatio(entries / limit));
}
