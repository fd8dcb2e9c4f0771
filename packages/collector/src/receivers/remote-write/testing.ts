/** A sender of remote_write for tests: messages as Prometheus makes them. */
export interface SentSeries {
  readonly labels: readonly (readonly [name: string, value: string])[];
  readonly samples?: readonly (readonly [value: number | Uint8Array, time: number])[];
  readonly histograms?: number;
  /** As no sender does, but any may. */
  readonly samplesFirst?: boolean;
}

export interface SentMetadata {
  readonly type: number;
  readonly name: string;
  readonly help?: string;
  readonly unit?: string;
}

/** Prometheus's marker of a series that is gone: a NaN with this payload, little-endian. */
export const staleBytes = Uint8Array.of(2, 0, 0, 0, 0, 0, 0xf0, 0x7f);

export function writeRequest(series: readonly SentSeries[], metadata: readonly SentMetadata[] = []): Uint8Array {
  return join([
    ...series.map(({ labels, samples = [], histograms = 0, samplesFirst = false }) => {
      const who = labels.map(([name, value]) => message(1, [text(1, name), text(2, value)]));
      const what = samples.map((sample) => message(2, sampleFields(sample)));
      const both = samplesFirst ? [what, who] : [who, what];
      return message(1, [...both.flat(), ...Array.from({ length: histograms }, () => message(4, []))]);
    }),
    ...metadata.map(({ type, name, help = '', unit = '' }) =>
      message(3, [varint(8), varint(type), text(2, name), text(4, help), text(5, unit)]),
    ),
  ]);
}

export interface SentSeriesV2 extends SentSeries {
  readonly metadata?: { readonly type: number; readonly help: string; readonly unit: string };
}

export function writeRequestV2(series: readonly SentSeriesV2[]): Uint8Array {
  const symbols = [''];
  const reference = (symbol: string): number => {
    const known = symbols.indexOf(symbol);
    return known < 0 ? symbols.push(symbol) - 1 : known;
  };
  const messages = series.map(({ labels, samples = [], histograms = 0, metadata }) =>
    message(5, [
      bytes(1, join(labels.flat().map((word) => varint(reference(word))))),
      ...samples.map((sample) => message(2, sampleFields(sample))),
      ...Array.from({ length: histograms }, () => message(3, [])),
      ...(metadata === undefined
        ? []
        : [
            message(5, [
              varint(8),
              varint(metadata.type),
              varint(24),
              varint(reference(metadata.help)),
              varint(32),
              varint(reference(metadata.unit)),
            ]),
          ]),
    ]),
  );
  return join([...symbols.map((symbol) => text(4, symbol)), ...messages]);
}

/** The references of one series as they are given, right or wrong. */
export function referencesV2(symbols: readonly string[], references: readonly number[]): Uint8Array {
  const series = message(5, [bytes(1, join(references.map(varint))), message(2, sampleFields([1, Date.now()]))]);
  return join([...symbols.map((symbol) => text(4, symbol)), series]);
}

function sampleFields([value, time]: readonly [number | Uint8Array, number]): Uint8Array[] {
  const double = typeof value === 'number' ? new Uint8Array(new Float64Array([value]).buffer) : new Uint8Array(value);
  return [Uint8Array.of(9), double, varint(16), varint(time)];
}

export function message(field: number, parts: readonly Uint8Array[]): Uint8Array {
  return bytes(field, join(parts));
}

export function text(field: number, value: string): Uint8Array {
  return bytes(field, new TextEncoder().encode(value));
}

function bytes(field: number, content: Uint8Array): Uint8Array {
  return join([varint(field * 8 + 2), varint(content.byteLength), content]);
}

/** Negative numbers in two's complement, as int64 has them. */
export function varint(value: number): Uint8Array {
  const result: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  do {
    const more = rest > 0x7fn;
    result.push(Number(rest & 0x7fn) | (more ? 0x80 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return Uint8Array.from(result);
}

export function join(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
