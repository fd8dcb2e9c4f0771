/** Hot file: /proc/net/dev is read each second. */

/** Fields of an interface in the file's order. */
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

const space = 32;
const newline = 10;
const colon = 58;
const zero = 48;

/** Reused from line to line. */
const numbers = new Float64Array(netDevFields.length);

/**
 * Goes through the lines of interfaces.
 *
 * @param wanted  whose numbers are parsed: of thousands, most are not
 * @param take    gets a name, as latin1, and its numbers in the order of {@link netDevFields}, good until it returns
 */
export function eachInterface(
  text: string,
  wanted: (name: string) => boolean,
  take: (name: string, values: Readonly<Float64Array>) => void,
): void {
  for (let line = 0; line < text.length;) {
    let end = text.indexOf('\n', line);
    if (end < 0) end = text.length;
    let start = line;
    while (text.charCodeAt(start) === space) start++;
    let position = start;
    while (position < end && text.charCodeAt(position) !== colon) position++;
    line = end + 1;
    // The two lines of headings have none.
    if (position >= end) continue;
    const name = text.slice(start, position);
    if (!wanted(name)) continue;
    numbers.fill(Number.NaN);
    for (let field = 0; field < numbers.length; field++) {
      do position++;
      while (text.charCodeAt(position) === space);
      const first = position;
      let value = 0;
      for (let code = text.charCodeAt(position); code !== space && code !== newline && position < end;) {
        value = value * 10 + code - zero;
        code = text.charCodeAt(++position);
      }
      if (position > first) numbers[field] = value;
    }
    take(name, numbers);
  }
}
