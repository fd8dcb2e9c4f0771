import type { ProtobufReader } from '@tarsier/protocol/protobuf';

/** Samples of one series while they are read. In a typed array, since a list would lose the bits of a NaN. */
export class SampleColumns {
  readonly #times: number[] = [];
  #values = new Float64Array(1);

  get length(): number {
    return this.#times.length;
  }

  /** Sample { double value = 1; int64 timestamp = 2 }, as both versions have it. */
  read(reader: ProtobufReader): void {
    const at = this.#times.length;
    if (at === this.#values.length) {
      const grown = new Float64Array(at * 2);
      grown.set(this.#values);
      this.#values = grown;
    }
    let time = 0;
    this.#values[at] = 0;
    while (reader.next()) {
      if (reader.field === 1) this.#values[at] = reader.double();
      else if (reader.field === 2) time = reader.int();
      else reader.skip();
    }
    this.#times.push(time);
  }

  columns(): { readonly times: readonly number[]; readonly values: Float64Array } {
    return { times: this.#times, values: this.#values.subarray(0, this.#times.length) };
  }
}
