import { TarsierError } from '../errors.ts';

export type FormatErrorCode = 'format/syntax' | 'format/limit';

/** Text that is not as its format says: where, what came, and what was expected. Never worth a retry. */
export class FormatError extends TarsierError {
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units. */
  readonly column: number;

  constructor(code: FormatErrorCode, line: number, column: number, what: string) {
    super(code, `line ${line}, column ${column}: ${what}`);
    this.line = line;
    this.column = column;
  }
}
