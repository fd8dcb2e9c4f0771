/**
 * One piece of memory for all that a detector learns: a copy of it, copied back, restores every bit. What learns keeps
 * no other state than the arrays that it takes here when it is made.
 */
export class Arena {
  readonly #bytes: ArrayBuffer;
  #taken = 0;

  constructor(bytes: number) {
    this.#bytes = new ArrayBuffer(Math.ceil(bytes / 8) * 8);
  }

  get bytes(): number {
    return this.#bytes.byteLength;
  }

  /** @throws {RangeError} when less is left */
  doubles(length: number): Float64Array {
    return new Float64Array(this.#bytes, this.#take(length * 8), length);
  }

  /**
   * Numbers of 32 bits, for much that need not be exact.
   *
   * @throws {RangeError} when less is left
   */
  singles(length: number): Float32Array {
    return new Float32Array(this.#bytes, this.#take(length * 4), length);
  }

  static bytesOfCounts(length: number): number {
    return Math.ceil(length / 4) * 8;
  }

  /**
   * Whole numbers up to 65,535.
   *
   * @throws {RangeError} when less is left
   */
  counts(length: number): Uint16Array {
    return new Uint16Array(this.#bytes, this.#take(length * 2), length);
  }

  checkpoint(): Uint8Array {
    return new Uint8Array(this.#bytes.slice(0));
  }

  /** @throws {RangeError} when the checkpoint is of another size */
  restore(checkpoint: Uint8Array): void {
    if (checkpoint.length !== this.bytes) {
      throw new RangeError(`checkpoint: expected ${this.bytes} bytes, got ${checkpoint.length}`);
    }
    new Uint8Array(this.#bytes).set(checkpoint);
  }

  #take(bytes: number): number {
    const from = this.#taken;
    this.#taken += Math.ceil(bytes / 8) * 8;
    if (this.#taken > this.bytes) {
      throw new RangeError(`arena: expected at most ${this.bytes} bytes to be taken, got ${this.#taken}`);
    }
    return from;
  }
}
