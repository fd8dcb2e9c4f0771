/** Hot file: rows as PostgreSQL's binary copy format has them; bytes come as they are, not as text. `pnpm bench ingest` */
import type { Readable } from 'node:stream';
import { TarsierError } from '@tarsier/protocol';

const signature = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1');
const trailer = -1;
const absent = -1;

/**
 * Reads one field after the other of each row. What it gives are views into the chunks.
 *
 * Each method throws a {@link TarsierError} `storage/copy` where the bytes are not what it expects.
 */
export class CopyReader {
  readonly #chunks: Iterator<Buffer>;
  #chunk = Buffer.alloc(0);
  #at = 0;
  #fields = 0;

  /** @param chunks  all that `copy … to stdout (format binary)` gave; PostgreSQL sends each row as one */
  constructor(chunks: readonly Buffer[]) {
    this.#chunks = chunks.values();
    if (!this.#take(signature.length).equals(signature)) throw notCopied('expected the signature, got something else');
    const flags = this.#int32();
    if (flags !== 0) throw notCopied(`expected no flags, got ${flags}`);
    this.#take(this.#int32());
  }

  /** Goes to the next row, all fields of the one before being read. @returns false after the last one */
  next(): boolean {
    if (this.#fields > 0) throw notCopied(`expected all fields to be read, got ${this.#fields} that are not`);
    this.#fields = this.#take(2).readInt16BE();
    if (this.#fields !== trailer) return true;
    const isEnd = this.#at === this.#chunk.length && this.#chunks.next().done === true;
    if (!isEnd) throw notCopied('expected the end, got more');
    this.#fields = 0;
    return false;
  }

  /** An int4 or int8 that a double holds. */
  int(): number {
    return this.intOrNull() ?? this.#isNull();
  }

  intOrNull(): number | null {
    const field = this.#field();
    if (field === null) return null;
    if (field.length === 4) return field.readInt32BE();
    if (field.length !== 8) throw notCopied(`expected a number of 4 or 8 bytes, got ${field.length}`);
    return field.readInt32BE() * 2 ** 32 + field.readUInt32BE(4);
  }

  bytes(): Buffer {
    return this.#field() ?? this.#isNull();
  }

  #isNull(): never {
    throw notCopied('expected a value, got null');
  }

  #field(): Buffer | null {
    if (this.#fields === 0) throw notCopied('expected a field, got the end of a row');
    this.#fields--;
    const length = this.#int32();
    return length === absent ? null : this.#take(length);
  }

  #int32(): number {
    return this.#take(4).readInt32BE();
  }

  #take(length: number): Buffer {
    while (this.#at + length > this.#chunk.length) {
      const { done = false, value } = this.#chunks.next();
      if (done) throw notCopied(`expected ${length} bytes, got the end`);
      this.#chunk = this.#at === this.#chunk.length ? value : Buffer.concat([this.#chunk.subarray(this.#at), value]);
      this.#at = 0;
    }
    if (length < 0) throw notCopied(`expected a length, got ${length}`);
    return this.#chunk.subarray(this.#at, (this.#at += length));
  }
}

/** All that a copy gives: the caller limits how much that is. */
export async function readCopy(copy: Readable): Promise<CopyReader> {
  // It may have failed before it was given to anyone.
  if (copy.errored) throw copy.errored;
  const chunks: Buffer[] = [];
  await new Promise<void>((resolve, reject) => {
    // Not an iterator: that stops the socket after each few rows.
    copy.on('data', (chunk: Buffer) => void chunks.push(chunk));
    copy.once('end', resolve);
    copy.once('error', reject);
  });
  return new CopyReader(chunks);
}

function notCopied(what: string): TarsierError {
  return new TarsierError('storage/copy', `rows that were copied out: ${what}`);
}
