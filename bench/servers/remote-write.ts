/** Hot file: a host's rows as a Prometheus remote-write request, before snappy. */
import type { SampleMatrix } from '@tarsier/protocol';

export interface RemoteWriteEncoder {
  encode(rows: SampleMatrix): Uint8Array;
}

const mostBytesPerSample = 24;

/** @param labels  of each column, names in order */
export function createRemoteWriteEncoder(
  labels: readonly (readonly (readonly [name: string, value: string])[])[],
): RemoteWriteEncoder {
  const ofSeries = labels.map((pairs) =>
    Buffer.concat(
      pairs.map(([name, value]) =>
        field(1, Buffer.concat([field(1, Buffer.from(name)), field(2, Buffer.from(value))])),
      ),
    ),
  );
  const labelBytes = ofSeries.reduce((sum, { length }) => sum + length, 0);
  return {
    encode({ times, width, values }) {
      const rows = times.length;
      const out = Buffer.alloc(labelBytes + width * (8 + rows * mostBytesPerSample));
      const at = [...times].map((time) => Buffer.from(varint(time)));
      let end = 0;
      for (let column = 0; column < width; column++) {
        const head = ofSeries[column] ?? Buffer.alloc(0);
        const size = head.length + at.reduce((sum, { length }) => sum + 2 + 9 + 1 + length, 0);
        out[end++] = 0x0a;
        for (const byte of varint(size)) out[end++] = byte;
        end += head.copy(out, end);
        for (let row = 0; row < rows; row++) {
          const time = at[row] ?? Buffer.alloc(0);
          out[end++] = 0x12;
          out[end++] = 10 + time.length;
          out[end++] = 0x09;
          end = out.writeDoubleLE(values[column * rows + row] ?? 0, end);
          out[end++] = 0x10;
          end += time.copy(out, end);
        }
      }
      return out.subarray(0, end);
    },
  };
}

function field(number: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([number * 8 + 2, ...varint(bytes.length)]), bytes]);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return [...bytes, rest];
}
