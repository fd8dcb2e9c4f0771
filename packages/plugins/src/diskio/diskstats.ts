/** Hot file: /proc/diskstats (kernel: Documentation/admin-guide/iostats.rst) is read each second. */

/** Fields in the file's order. Kernels before 4.18 end after the 11th, those before 5.5 after the 15th. */
export const diskFields = [
  'reads',
  'readsMerged',
  'sectorsRead',
  'readMs',
  'writes',
  'writesMerged',
  'sectorsWritten',
  'writeMs',
  'inFlight',
  'busyMs',
  'weightedMs',
  'discards',
  'discardsMerged',
  'sectorsDiscarded',
  'discardMs',
  'flushes',
  'flushMs',
] as const;

/** The kernel counts in sectors of 512 bytes, whatever the device has. */
export const sectorBytes = 512;

const space = 32;
const zero = 48;

/** Reused from line to line. */
const numbers = new Float64Array(diskFields.length);

/**
 * Goes through the devices.
 *
 * @param wanted  whose numbers are parsed
 * @param take    gets a name, as latin1, and its numbers in the order of {@link diskFields}, good until it returns;
 *                NaN for fields that the kernel does not have
 */
export function eachDisk(
  text: string,
  wanted: (device: string) => boolean,
  take: (device: string, values: Readonly<Float64Array>) => void,
): void {
  for (let line = 0; line < text.length;) {
    let end = text.indexOf('\n', line);
    if (end < 0) end = text.length;
    let position = line;
    line = end + 1;
    // Major and minor number come before the name.
    for (let word = 0; word < 2; word++) {
      while (text.charCodeAt(position) === space) position++;
      while (position < end && text.charCodeAt(position) !== space) position++;
    }
    position++;
    const nameEnd = text.indexOf(' ', position);
    if (nameEnd < 0 || nameEnd >= end) continue;
    const device = text.slice(position, nameEnd);
    if (!wanted(device)) continue;
    position = nameEnd;
    numbers.fill(Number.NaN);
    for (let field = 0; field < numbers.length && position < end; field++) {
      let value = 0;
      for (position++; position < end; position++) {
        const code = text.charCodeAt(position);
        if (code === space) break;
        value = value * 10 + code - zero;
      }
      numbers[field] = value;
    }
    take(device, numbers);
  }
}
