/** Files of /proc/net about sockets: /proc/net/tcp (kernel: Documentation/networking/proc_net_tcp.rst), sockstat, … */

/** In the order of the kernel's numbers, from 1 (include/net/tcp_states.h). */
export const tcpStates = [
  'established',
  'syn_sent',
  'syn_recv',
  'fin_wait1',
  'fin_wait2',
  'time_wait',
  'close',
  'close_wait',
  'last_ack',
  'listen',
  'closing',
  'new_syn_recv',
] as const;

export interface TcpTotals {
  /** By state, in the order of {@link tcpStates}. */
  readonly counts: Float64Array;
  /** Connections that wait to be accepted, over all listening sockets. */
  backlog: number;
}

const listen = tcpStates.indexOf('listen');
const newline = 10;

/**
 * Adds up a table of connections. A line is `  0: 0100007F:1538 00000000:0000 0A 00000000:00000000 …`: local and remote
 * address, state, transmit and receive queue, all hexadecimal. Fields are found by counting colons: addresses have 8
 * digits or 32.
 */
export function addTcpTable(totals: TcpTotals, table: string): void {
  // The first line has the names of the columns.
  for (let line = table.indexOf('\n') + 1; line > 0 && line < table.length; line = table.indexOf('\n', line) + 1) {
    let position = line;
    for (let colons = 0; colons < 3 && position < table.length; position++) {
      const code = table.charCodeAt(position);
      if (code === newline) break;
      if (code === 58) colons++;
    }
    // After the remote address: its port of 4 digits, a space, the state.
    const state = Number.parseInt(table.slice(position + 5, position + 7), 16) - 1;
    if (!(state >= 0 && state < tcpStates.length)) continue;
    totals.counts[state] = (totals.counts[state] ?? 0) + 1;
    if (state === listen) totals.backlog += Number.parseInt(table.slice(position + 17, position + 25), 16);
  }
}

/** `TCP: inuse 35 orphan 0 tw 4 alloc 59 mem 22` and the like. @returns by `TCP.inuse` */
export function parseSockstat(text: string): Map<string, number> {
  const values = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [protocol, ...fields] = line.split(' ');
    for (let index = 0; index + 1 < fields.length; index += 2)
      values.set(`${protocol?.slice(0, -1) ?? ''}.${fields[index] ?? ''}`, Number(fields[index + 1]));
  }
  return values;
}

/**
 * /proc/net/softnet_stat: a line of hexadecimal numbers per core: packets, of those dropped because the queue was full,
 * times the work was not done within its time slice, …
 */
export function parseSoftnet(text: string): {
  readonly packets: number;
  readonly dropped: number;
  readonly squeezed: number;
} {
  let [packets, dropped, squeezed] = [0, 0, 0];
  for (const line of text.split('\n')) {
    const [processed, drops, squeezes] = line.split(' ');
    if (processed === undefined || drops === undefined || squeezes === undefined) continue;
    packets += Number.parseInt(processed, 16);
    dropped += Number.parseInt(drops, 16);
    squeezed += Number.parseInt(squeezes, 16);
  }
  return { packets, dropped, squeezed };
}
