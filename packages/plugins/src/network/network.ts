import { z } from 'zod';
import { definePlugin, type MetricSpec } from '../plugin.ts';
import { parseNetDev, parseSnmp, type InterfaceStats } from './net-dev.ts';

const perInterface: readonly (readonly [
  metric: string,
  field: Exclude<keyof InterfaceStats, 'name'>,
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

/** Fields of /proc/net/snmp (RFC 1213 and 2012 name them) and /proc/net/netstat. */
const protocols: Readonly<Record<string, readonly [metric: string, kind: MetricSpec['kind'], help: string]>> = {
  'Tcp.CurrEstab': ['network_tcp_connections', 'gauge', 'TCP connections that are established.'],
  'Tcp.ActiveOpens': ['network_tcp_opened_total', 'counter', 'TCP connections opened from here.'],
  'Tcp.PassiveOpens': ['network_tcp_accepted_total', 'counter', 'TCP connections opened from elsewhere.'],
  'Tcp.AttemptFails': ['network_tcp_failed_attempts_total', 'counter', 'TCP connections that never were established.'],
  'Tcp.EstabResets': ['network_tcp_resets_total', 'counter', 'Established TCP connections that were reset.'],
  'Tcp.InSegs': ['network_tcp_received_segments_total', 'counter', 'TCP segments received.'],
  'Tcp.OutSegs': ['network_tcp_sent_segments_total', 'counter', 'TCP segments sent.'],
  'Tcp.RetransSegs': ['network_tcp_retransmitted_segments_total', 'counter', 'TCP segments sent again.'],
  'Tcp.InErrs': ['network_tcp_receive_errors_total', 'counter', 'TCP segments received with an error.'],
  'Tcp.OutRsts': ['network_tcp_sent_resets_total', 'counter', 'TCP segments sent with a reset.'],
  'Udp.InDatagrams': ['network_udp_received_datagrams_total', 'counter', 'UDP datagrams received.'],
  'Udp.OutDatagrams': ['network_udp_sent_datagrams_total', 'counter', 'UDP datagrams sent.'],
  'Udp.InErrors': ['network_udp_receive_errors_total', 'counter', 'UDP datagrams received with an error.'],
  'Udp.NoPorts': ['network_udp_no_port_total', 'counter', 'UDP datagrams for a port that nobody listens on.'],
  'Udp.RcvbufErrors': [
    'network_udp_receive_buffer_errors_total',
    'counter',
    'UDP datagrams lost because a program read too slowly.',
  ],
  'Ip.InReceives': ['network_ip_received_packets_total', 'counter', 'IP packets received.'],
  'Ip.OutRequests': ['network_ip_sent_packets_total', 'counter', 'IP packets sent.'],
  'Ip.InDiscards': ['network_ip_receive_discarded_total', 'counter', 'IP packets received and discarded.'],
  'Ip.InHdrErrors': ['network_ip_header_errors_total', 'counter', 'IP packets received with a bad header.'],
  'Ip.InAddrErrors': [
    'network_ip_address_errors_total',
    'counter',
    'IP packets received for an address that is not here.',
  ],
  'Ip.OutNoRoutes': ['network_ip_no_route_total', 'counter', 'IP packets that no route led anywhere.'],
  'Ip.ReasmFails': [
    'network_ip_reassembly_failures_total',
    'counter',
    'IP packets that could not be put together again.',
  ],
  'Icmp.InMsgs': ['network_icmp_received_messages_total', 'counter', 'ICMP messages received.'],
  'Icmp.OutMsgs': ['network_icmp_sent_messages_total', 'counter', 'ICMP messages sent.'],
  'Icmp.InErrors': ['network_icmp_receive_errors_total', 'counter', 'ICMP messages received with an error.'],
  'TcpExt.ListenOverflows': [
    'network_tcp_listen_overflows_total',
    'counter',
    'Connections refused because a listen queue was full.',
  ],
  'TcpExt.ListenDrops': ['network_tcp_listen_drops_total', 'counter', 'Connections dropped while they were accepted.'],
  'TcpExt.TW': ['network_tcp_time_waits_total', 'counter', 'TCP connections that ended in TIME-WAIT.'],
  'TcpExt.DelayedACKs': [
    'network_tcp_delayed_acknowledgements_total',
    'counter',
    'Acknowledgements that were delayed.',
  ],
  'TcpExt.TCPOFOQueue': ['network_tcp_out_of_order_segments_total', 'counter', 'TCP segments received out of order.'],
  'TcpExt.TCPLostRetransmit': [
    'network_tcp_lost_retransmits_total',
    'counter',
    'TCP segments sent again and lost again.',
  ],
  'TcpExt.TCPTimeouts': ['network_tcp_timeouts_total', 'counter', 'Retransmission timeouts.'],
  'TcpExt.TCPSynRetrans': ['network_tcp_syn_retransmits_total', 'counter', 'Connection requests sent again.'],
};

export const network = definePlugin({
  name: 'network',
  summary: 'Traffic and errors of network interfaces and protocols.',
  config: z.object({
    exclude: z
      .string()
      .default('^(lo|ifb|veth|docker|br-|cni|flannel|cali|tap|virbr)')
      .describe('Interfaces that match this regular expression are left out.'),
    protocols: z.boolean().default(true).describe('Also counts of TCP, UDP, IP and ICMP.'),
  }),
  metrics: {
    ...Object.fromEntries(
      perInterface.map(([metric, , unit, help]) => [metric, { kind: 'counter' as const, unit, help }]),
    ),
    ...Object.fromEntries(Object.values(protocols).map(([metric, kind, help]) => [metric, { kind, unit: '', help }])),
  },
  create({ config, host }) {
    const excluded = new RegExp(config.exclude, 'u');
    return {
      async scrape(out) {
        if (!host.hasProc) {
          for (const one of await host.portable.interfaces()) {
            const labels = { interface: one.name };
            out.counter('network_received_bytes_total', one.receivedBytes, labels);
            out.counter('network_received_packets_total', one.receivedPackets, labels);
            out.counter('network_receive_errors_total', one.receiveErrors, labels);
            out.counter('network_sent_bytes_total', one.sentBytes, labels);
            out.counter('network_sent_packets_total', one.sentPackets, labels);
            out.counter('network_send_errors_total', one.sendErrors, labels);
          }
          return;
        }
        for (const stats of parseNetDev(host.readProc('net/dev'))) {
          if (excluded.test(stats.name)) continue;
          const labels = { interface: stats.name };
          for (const [metric, field] of perInterface) out.counter(metric, stats[field], labels);
        }
        if (!config.protocols) return;
        for (const file of ['net/snmp', 'net/netstat']) {
          const text = host.readProcIfThere(file);
          if (text === undefined) continue;
          const values = parseSnmp(text);
          for (const [field, [metric, kind]] of Object.entries(protocols)) {
            const value = values.get(field);
            if (value !== undefined) out[kind](metric, value);
          }
        }
      },
    };
  },
});
