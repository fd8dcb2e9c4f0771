/** Hot file: counts of TCP, UDP, IP and ICMP are read each second. */
import type { Host } from '../host.ts';
import type { MetricSpec, ScrapeOutput } from '../plugin.ts';

/** Fields of /proc/net/snmp (RFC 1213 and 2012 name them) and /proc/net/netstat. */
export const protocols: Readonly<Record<string, readonly [metric: string, kind: MetricSpec['kind'], help: string]>> = {
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

const space = 32;
const zero = 48;
const minus = 45;
const unwanted = -1;

export interface ProtocolCounts {
  put(out: ScrapeOutput): void;
}

/**
 * Files of pairs of lines: names, then numbers. Names do not change while a host runs, so what to do with a column is
 * found once per line of names.
 */
export function createProtocolCounts(host: Host): ProtocolCounts {
  const columnsOf = new Map<string, readonly number[]>();

  function columns(names: string, out: ScrapeOutput): readonly number[] {
    let known = columnsOf.get(names);
    if (known === undefined) {
      const [prefix = '', ...fields] = names.split(' ');
      known = fields.map((field) => {
        const metric = protocols[`${prefix.slice(0, -1)}.${field}`]?.[0];
        return metric === undefined ? unwanted : out.series(metric);
      });
      columnsOf.set(names, known);
    }
    return known;
  }

  function putFile(text: string, out: ScrapeOutput): void {
    for (let line = 0; line < text.length;) {
      const namesEnd = text.indexOf('\n', line);
      if (namesEnd < 0) return;
      const handles = columns(text.slice(line, namesEnd), out);
      let end = text.indexOf('\n', namesEnd + 1);
      if (end < 0) end = text.length;
      let position = text.indexOf(' ', namesEnd);
      for (let column = 0; column < handles.length && position >= 0 && position < end; column++) {
        let value = 0;
        let isNegative = false;
        for (position++; position < end; position++) {
          const code = text.charCodeAt(position);
          if (code === space) break;
          if (code === minus) isNegative = true;
          else value = value * 10 + code - zero;
        }
        const handle = handles[column] ?? unwanted;
        if (handle !== unwanted) out.set(handle, isNegative ? -value : value);
      }
      line = end + 1;
    }
  }

  return {
    put(out) {
      for (const file of ['net/snmp', 'net/netstat']) {
        const text = host.readProcIfThere(file);
        if (text !== undefined) putFile(text, out);
      }
    },
  };
}
