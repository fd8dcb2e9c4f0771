/** /proc/net/dev: fields of an interface in the file's order. */
export const netDevFields = [
  'receivedBytes',
  'receivedPackets',
  'receiveErrors',
  'receiveDropped',
  'receiveFifoErrors',
  'receiveFrameErrors',
  'receiveCompressed',
  'multicastReceived',
  'sentBytes',
  'sentPackets',
  'sendErrors',
  'sendDropped',
  'sendFifoErrors',
  'collisions',
  'carrierLosses',
] as const;

export type InterfaceStats = { readonly name: string } & Readonly<Record<(typeof netDevFields)[number], number>>;

export function parseNetDev(text: string): InterfaceStats[] {
  return text.split('\n').flatMap((line) => {
    const colon = line.indexOf(':');
    if (colon < 0) return [];
    const numbers = line
      .slice(colon + 1)
      .trim()
      .split(/ +/u)
      .map(Number);
    const fields = Object.fromEntries(netDevFields.map((field, index) => [field, numbers[index] ?? Number.NaN]));
    // Every field of the list is there, by construction.
    return [{ name: line.slice(0, colon).trim(), ...fields } as InterfaceStats];
  });
}

/** /proc/net/snmp and netstat: pairs of lines, names then numbers. @returns by `Tcp.CurrEstab` */
export function parseSnmp(text: string): Map<string, number> {
  const values = new Map<string, number>();
  const lines = text.split('\n');
  for (let index = 0; index + 1 < lines.length; index += 2) {
    const [prefix = '', ...names] = (lines[index] ?? '').split(' ');
    const [, ...numbers] = (lines[index + 1] ?? '').split(' ');
    for (const [position, name] of names.entries())
      values.set(`${prefix.slice(0, -1)}.${name}`, Number(numbers[position]));
  }
  return values;
}
