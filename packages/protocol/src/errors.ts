/** What an error looks like on the wire: the body of every refused request and of an `error` live frame. */
export interface ErrorBody {
  readonly error: {
    /** `room/what`, stable, for programs: `batch/truncated`, `query/selector`. */
    readonly code: string;
    /** For people: what came, and what was expected. */
    readonly message: string;
    /** The offending field, where one field is to blame. */
    readonly field?: string;
    /** Whether the same request may succeed later. */
    readonly retryable: boolean;
  };
}

export interface TarsierErrorOptions {
  readonly cause?: unknown;
  readonly field?: string;
  readonly retryable?: boolean;
}

/** An error that says what came, what was expected, and whether it is worth trying again. */
export class TarsierError extends Error {
  readonly code: string;
  readonly field: string | undefined;
  readonly retryable: boolean;

  constructor(code: string, message: string, options: TarsierErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.field = options.field;
    this.retryable = options.retryable ?? false;
  }

  toJSON(): ErrorBody {
    return {
      error: {
        code: this.code,
        message: this.message,
        ...(this.field === undefined ? {} : { field: this.field }),
        retryable: this.retryable,
      },
    };
  }
}

/** How a value of unknown type is named in an error message: `null`, `array`, `number 7`, `string "x"`. */
export function describeValue(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return `array of ${value.length}`;
  if (value instanceof Uint8Array) return `${value.byteLength} bytes`;
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') {
    return `${typeof value} ${value}`;
  }
  if (typeof value === 'string') return `string ${JSON.stringify(value.slice(0, 60))}`;
  return typeof value;
}

/** More causes are not told: one may be its own. */
const mostCauses = 8;

/**
 * What went wrong in one line: an Error's message with those of its causes. Never throws, whatever was thrown.
 *
 * @returns at most 1,000 characters
 */
export function describeError(error: unknown): string {
  return describeWithCauses(error, mostCauses).slice(0, 1_000);
}

function describeWithCauses(error: unknown, causesLeft: number): string {
  try {
    if (!(error instanceof Error)) return String(error);
    const { message, cause }: { readonly message: unknown; readonly cause?: unknown } = error;
    const told = String(message);
    return cause === undefined || causesLeft === 0 ? told : `${told}: ${describeWithCauses(cause, causesLeft - 1)}`;
  } catch {
    // No prototype, or a getter that throws; `typeof` is all that runs none of its code.
    return `${typeof error} that has no text`;
  }
}
