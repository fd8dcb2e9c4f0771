/** Hot file: counts of TCP, UDP, IP and ICMP are read each second. */
import type { Host } from '../host/host.ts';
import type { MetricSpec, ScrapeOutput } from '../plugin.ts';

/** Fields of /proc/net/snmp (RFC 1213 and 2012 name them) and /proc/net/netstat. */
export const protocols: Readonly<
  Record<string, readonly [metric: string, kind: MetricSpec['kind'], help: string, unit?: string]>
> = {
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
  'TcpExt.SyncookiesSent': [
    'network_tcp_syncookies_sent_total',
    'counter',
    'SYN cookies sent because a listen queue was full.',
  ],
  'TcpExt.SyncookiesRecv': [
    'network_tcp_syncookies_received_total',
    'counter',
    'SYN cookies that came back, and became connections.',
  ],
  'TcpExt.SyncookiesFailed': [
    'network_tcp_syncookies_failed_total',
    'counter',
    'SYN cookies that came back and were wrong.',
  ],
  'TcpExt.EmbryonicRsts': [
    'network_tcp_embryonic_resets_total',
    'counter',
    'Connections reset before they were established.',
  ],
  'TcpExt.TCPReqQFullDoCookies': [
    'network_tcp_request_queue_full_cookies_total',
    'counter',
    'Connection requests answered with a cookie because the queue was full.',
  ],
  'TcpExt.TCPReqQFullDrop': [
    'network_tcp_request_queue_full_drops_total',
    'counter',
    'Connection requests dropped because the queue was full.',
  ],
  'TcpExt.TCPTimeWaitOverflow': [
    'network_tcp_time_wait_overflows_total',
    'counter',
    'Connections that got no place among those in TIME-WAIT.',
  ],
  'TcpExt.TCPFastRetrans': ['network_tcp_fast_retransmits_total', 'counter', 'Segments sent again before a timeout.'],
  'TcpExt.TCPSlowStartRetrans': [
    'network_tcp_slow_start_retransmits_total',
    'counter',
    'Segments sent again in slow start.',
  ],
  'TcpExt.TCPLossProbes': ['network_tcp_loss_probes_total', 'counter', 'Probes whether the last segment was lost.'],
  'TcpExt.TCPSpuriousRTOs': [
    'network_tcp_spurious_timeouts_total',
    'counter',
    'Retransmission timeouts that were too early.',
  ],
  'TcpExt.TCPSackRecovery': [
    'network_tcp_sack_recoveries_total',
    'counter',
    'Recoveries from losses by selective acknowledgement.',
  ],
  'TcpExt.TCPDSACKRecv': [
    'network_tcp_duplicates_told_total',
    'counter',
    'Segments that the other side says it got twice.',
  ],
  'TcpExt.TCPRetransFail': [
    'network_tcp_retransmit_failures_total',
    'counter',
    'Segments that could not be sent again.',
  ],
  'TcpExt.TCPAbortOnData': [
    'network_tcp_aborts_on_data_total',
    'counter',
    'Connections reset because data came after the program had closed.',
  ],
  'TcpExt.TCPAbortOnClose': [
    'network_tcp_aborts_on_close_total',
    'counter',
    'Connections reset because the program closed with data unread.',
  ],
  'TcpExt.TCPAbortOnMemory': ['network_tcp_aborts_on_memory_total', 'counter', 'Connections reset for want of memory.'],
  'TcpExt.TCPAbortOnTimeout': [
    'network_tcp_aborts_on_timeout_total',
    'counter',
    'Connections given up after too many tries.',
  ],
  'TcpExt.TCPMemoryPressures': [
    'network_tcp_memory_pressures_total',
    'counter',
    'Times that TCP ran short of its share of memory.',
  ],
  'TcpExt.PruneCalled': [
    'network_tcp_receive_prunes_total',
    'counter',
    'Times that a full receive buffer had to be tidied.',
  ],
  'TcpExt.TCPBacklogDrop': [
    'network_tcp_backlog_drops_total',
    'counter',
    'Segments dropped because a socket had too many waiting.',
  ],
  'TcpExt.TCPRcvQDrop': [
    'network_tcp_receive_queue_drops_total',
    'counter',
    'Segments dropped because a receive queue was full.',
  ],
  'TcpExt.TCPZeroWindowDrop': [
    'network_tcp_zero_window_drops_total',
    'counter',
    'Segments dropped because they came when there was no room.',
  ],
  'TcpExt.TCPToZeroWindowAdv': [
    'network_tcp_zero_windows_total',
    'counter',
    'Times that a program read so slowly that the other side had to stop.',
  ],
  'TcpExt.TCPKeepAlive': ['network_tcp_keepalives_total', 'counter', 'Keep-alive probes sent.'],
  'TcpExt.IPReversePathFilter': [
    'network_ip_reverse_path_drops_total',
    'counter',
    'IP packets dropped because they came from where their answer would not go.',
  ],
  'IpExt.InOctets': ['network_ip_received_bytes_total', 'counter', 'Bytes of IP packets received.', 'bytes'],
  'IpExt.OutOctets': ['network_ip_sent_bytes_total', 'counter', 'Bytes of IP packets sent.', 'bytes'],
  'IpExt.InNoRoutes': [
    'network_ip_receive_no_route_total',
    'counter',
    'IP packets received that no route led anywhere.',
  ],
  'IpExt.InTruncatedPkts': ['network_ip_receive_truncated_total', 'counter', 'IP packets received that were cut off.'],
  'IpExt.InCsumErrors': ['network_ip_checksum_errors_total', 'counter', 'IP packets received with a wrong check sum.'],
  'IpExt.InCEPkts': [
    'network_ip_congestion_marks_total',
    'counter',
    'IP packets marked by a router that is congested.',
  ],
  'Ip.ForwDatagrams': ['network_ip_forwarded_packets_total', 'counter', 'IP packets forwarded.'],
  'Ip.OutDiscards': ['network_ip_send_discarded_total', 'counter', 'IP packets discarded before they were sent.'],
  'Ip.FragFails': [
    'network_ip_fragmentation_failures_total',
    'counter',
    'IP packets that were too large and may not be split.',
  ],
  'Udp.SndbufErrors': [
    'network_udp_send_buffer_errors_total',
    'counter',
    'UDP datagrams that did not fit into the send buffer.',
  ],
  'Udp.InCsumErrors': [
    'network_udp_checksum_errors_total',
    'counter',
    'UDP datagrams received with a wrong check sum.',
  ],
  'Udp.MemErrors': ['network_udp_memory_errors_total', 'counter', 'UDP datagrams dropped for want of memory.'],
  'Icmp.InDestUnreachs': [
    'network_icmp_received_unreachables_total',
    'counter',
    'ICMP messages received that something can not be reached.',
  ],
  'Icmp.OutDestUnreachs': [
    'network_icmp_sent_unreachables_total',
    'counter',
    'ICMP messages sent that something can not be reached.',
  ],
  'Icmp.InTimeExcds': [
    'network_icmp_received_time_exceeded_total',
    'counter',
    'ICMP messages received that a packet was under way for too long.',
  ],
  'Icmp.InEchos': ['network_icmp_received_echos_total', 'counter', 'Pings received.'],
};

/** Fields of /proc/net/snmp6 (RFC 4293 names them). */
export const protocols6: typeof protocols = {
  Ip6InReceives: ['network_ip6_received_packets_total', 'counter', 'IPv6 packets received.'],
  Ip6OutRequests: ['network_ip6_sent_packets_total', 'counter', 'IPv6 packets sent.'],
  Ip6InOctets: ['network_ip6_received_bytes_total', 'counter', 'Bytes of IPv6 packets received.', 'bytes'],
  Ip6OutOctets: ['network_ip6_sent_bytes_total', 'counter', 'Bytes of IPv6 packets sent.', 'bytes'],
  Ip6OutForwDatagrams: ['network_ip6_forwarded_packets_total', 'counter', 'IPv6 packets forwarded.'],
  Ip6InDiscards: ['network_ip6_receive_discarded_total', 'counter', 'IPv6 packets received and discarded.'],
  Ip6InHdrErrors: ['network_ip6_header_errors_total', 'counter', 'IPv6 packets received with a bad header.'],
  Ip6InTooBigErrors: ['network_ip6_too_big_total', 'counter', 'IPv6 packets that were too large for a link.'],
  Ip6OutDiscards: ['network_ip6_send_discarded_total', 'counter', 'IPv6 packets discarded before they were sent.'],
  Ip6OutNoRoutes: ['network_ip6_no_route_total', 'counter', 'IPv6 packets that no route led anywhere.'],
  Icmp6InMsgs: ['network_icmp6_received_messages_total', 'counter', 'ICMPv6 messages received.'],
  Icmp6OutMsgs: ['network_icmp6_sent_messages_total', 'counter', 'ICMPv6 messages sent.'],
  Icmp6InErrors: ['network_icmp6_receive_errors_total', 'counter', 'ICMPv6 messages received with an error.'],
  Udp6InDatagrams: ['network_udp6_received_datagrams_total', 'counter', 'UDP datagrams received over IPv6.'],
  Udp6OutDatagrams: ['network_udp6_sent_datagrams_total', 'counter', 'UDP datagrams sent over IPv6.'],
  Udp6InErrors: ['network_udp6_receive_errors_total', 'counter', 'UDP datagrams received over IPv6 with an error.'],
  Udp6NoPorts: ['network_udp6_no_port_total', 'counter', 'UDP datagrams over IPv6 for a port that nobody listens on.'],
  Udp6RcvbufErrors: [
    'network_udp6_receive_buffer_errors_total',
    'counter',
    'UDP datagrams over IPv6 lost because a program read too slowly.',
  ],
};

const space = 32;
const zero = 48;
const minus = 45;
const tab = 9;
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
  let handles6: readonly number[] | undefined;

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

  /** A line per name, in the same order each time: `Ip6InReceives \t123`, with spaces to fill. */
  function putFile6(text: string, out: ScrapeOutput): void {
    handles6 ??= text.split('\n').map((line) => {
      const metric = protocols6[/^\w+/u.exec(line)?.[0] ?? '']?.[0];
      return metric === undefined ? unwanted : out.series(metric);
    });
    let position = 0;
    for (const handle of handles6) {
      let end = text.indexOf('\n', position);
      if (end < 0) end = text.length;
      if (handle !== unwanted) {
        let value = 0;
        let factor = 1;
        for (let digit = end - 1; digit >= position; digit--) {
          const code = text.charCodeAt(digit);
          if (code === tab || code === space) break;
          value += (code - zero) * factor;
          factor *= 10;
        }
        out.set(handle, value);
      }
      position = end + 1;
    }
  }

  return {
    put(out) {
      const text6 = host.readProcIfThere('net/snmp6');
      if (text6 !== undefined) putFile6(text6, out);
      for (const file of ['net/snmp', 'net/netstat']) {
        const text = host.readProcIfThere(file);
        if (text !== undefined) putFile(text, out);
      }
    },
  };
}
