import { FormatError } from './format-error.ts';

/** Reads one line (or a text of which lines are counted by its user) from left to right, and says where it stands. */
export class TextCursor {
  readonly text: string;
  /** From 1; where `lineStart` is. */
  line: number;
  /** Offset at which the line begins. */
  lineStart: number;
  at: number;

  constructor(text: string, line = 1, at = 0) {
    this.text = text;
    this.line = line;
    this.lineStart = at;
    this.at = at;
  }

  get atEnd(): boolean {
    return this.at >= this.text.length;
  }

  /** The character here; '' at the end. */
  get next(): string {
    return this.text.charAt(this.at);
  }

  /** Steps over `piece` if it comes next. */
  take(piece: string): boolean {
    if (!this.text.startsWith(piece, this.at)) return false;
    this.at += piece.length;
    return true;
  }

  /** @throws {FormatError} when `piece` does not come next */
  expect(piece: string): void {
    if (!this.take(piece)) throw this.error(JSON.stringify(piece));
  }

  /** What a sticky pattern matches here, stepped over; undefined when it does not. */
  match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    if (found !== undefined) this.at += found.length;
    return found;
  }

  /** Steps over blanks and tabs. @returns whether there were any */
  skipBlanks(): boolean {
    const from = this.at;
    for (;;) {
      const code = this.text.charCodeAt(this.at);
      if (code !== 0x20 && code !== 0x09) return this.at > from;
      this.at++;
    }
  }

  /**
   * What is wrong at `offset`: here, unless said otherwise.
   *
   * @param got  what is there, where it is to be called otherwise than by what follows in the line
   */
  error(expected: string, offset = this.at, got = this.#follows(offset)): FormatError {
    return new FormatError('format/syntax', this.line, offset - this.lineStart + 1, `expected ${expected}, got ${got}`);
  }

  #follows(offset: number): string {
    const rest = this.text.slice(offset, offset + 40).split('\n', 1)[0] ?? '';
    return rest === '' ? 'the end of the line' : JSON.stringify(rest);
  }
}
