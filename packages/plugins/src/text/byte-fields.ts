/** Hot file: numbers of the kernel's tables straight from their bytes. `pnpm bench agent` shows what it costs. */

const newline = 10;
const tab = 9;
const space = 32;
const minus = 45;
const zero = 48;
const nine = 57;
const colon = 58;

/** What a line begins with, as it was when the file was read before: the kernel keeps the order of its lines. */
interface KnownLine {
  readonly key: Uint8Array;
  /** Index of the wanted field; -1 for one that is not wanted. */
  readonly field: number;
}

/**
 * Lines of a name and numbers, as in /proc/meminfo (`MemTotal:  123 kB`), /proc/vmstat (`pgfault 123`) and /proc/stat
 * (`cpu0 1 2 3`). No string is made once the lines are known.
 */
export class ByteFields {
  readonly #fields: ReadonlyMap<string, number>;
  readonly #lines: KnownLine[] = [];
  #bytes: Uint8Array = new Uint8Array();
  /** The first number of each wanted field; NaN where the file has none. */
  readonly values: Float64Array;
  /** Where its numbers begin, for {@link numbers}. */
  readonly #starts: Int32Array;

  constructor(fields: readonly string[]) {
    this.#fields = new Map(fields.map((field, index) => [field, index]));
    this.values = new Float64Array(fields.length);
    this.#starts = new Int32Array(fields.length);
  }

  /** @param bytes  a whole file; used by {@link numbers} until the next call */
  read(bytes: Uint8Array): void {
    this.#bytes = bytes;
    if (this.#readAsBefore()) return;
    this.values.fill(Number.NaN);
    this.#starts.fill(-1);
    this.#lines.length = 0;
    for (let start = 0; start < bytes.length;) {
      let end = start;
      for (let byte = bytes[end]; byte !== space && byte !== colon && byte !== newline && end < bytes.length;)
        byte = bytes[++end];
      const key = bytes.slice(start, end);
      const field = this.#fields.get(Buffer.from(key).toString('latin1')) ?? -1;
      this.#lines.push({ key, field });
      if (field >= 0) this.#take(field, end);
      const next = bytes.indexOf(newline, end);
      if (next < 0) return;
      start = next + 1;
    }
  }

  /** @returns whether the lines are those of the reading before */
  #readAsBefore(): boolean {
    const bytes = this.#bytes;
    let start = 0;
    for (const { key, field } of this.#lines) {
      if (!this.#isAt(key, start)) return false;
      const end = start + key.length;
      if (field >= 0) this.#take(field, end);
      const next = bytes.indexOf(newline, end);
      start = next < 0 ? bytes.length : next + 1;
    }
    return start === bytes.length && this.#lines.length > 0;
  }

  #take(field: number, end: number): void {
    this.#starts[field] = end;
    this.values[field] = this.#number(end);
  }

  /** The numbers of a field, as many as fit; NaN where it has fewer. */
  numbers(field: number, into: Float64Array): void {
    into.fill(Number.NaN);
    let at = this.#starts[field] ?? -1;
    if (at < 0) return;
    for (let index = 0; index < into.length; index++) {
      into[index] = this.#number(at);
      at = this.#position;
    }
  }

  /** Behind the number that was read last. */
  #position = 0;

  /** The next number of the line behind `at`; NaN when there is none. */
  #number(at: number): number {
    const bytes = this.#bytes;
    let position = at;
    let byte = bytes[position] ?? newline;
    while (byte === space || byte === colon || byte === tab) byte = bytes[++position] ?? newline;
    const isNegative = byte === minus;
    if (isNegative) byte = bytes[++position] ?? newline;
    let value = byte >= zero && byte <= nine ? 0 : Number.NaN;
    for (; byte >= zero && byte <= nine; byte = bytes[++position] ?? newline) value = value * 10 + (byte - zero);
    this.#position = position;
    return isNegative ? -value : value;
  }

  #isAt(key: Uint8Array, start: number): boolean {
    const bytes = this.#bytes;
    for (let index = 0; index < key.length; index++) if (key[index] !== bytes[start + index]) return false;
    const next = bytes[start + key.length] ?? newline;
    return next === space || next === colon || next === newline;
  }
}
