/** What a check found wrong, with a word for it that can be a label: of a small set, and the same each time. */
export class CheckFailure extends Error {
  readonly reason: string;

  constructor(reason: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.reason = reason;
  }
}

/** @returns `other` for what is no {@link CheckFailure} */
export function failureReason(error: unknown): string {
  return error instanceof CheckFailure ? error.reason : 'other';
}
