import { TarsierError } from '@tarsier/protocol';

const codes = {
  requests: 'limit/requests',
  samples: 'limit/samples',
  hosts: 'limit/hosts',
  bytes: 'limit/bytes',
  subscriptions: 'limit/subscriptions',
} as const;

/** A tenant, or a key, has used what it may. */
export class LimitError extends TarsierError {
  /** The limit's name. */
  readonly limit: keyof typeof codes;
  /** When there is room again, ms from now. */
  readonly retryAfterMs: number;

  constructor(limit: keyof typeof codes, message: string, retryAfterMs: number) {
    super(codes[limit], message, { retryable: true });
    this.limit = limit;
    this.retryAfterMs = retryAfterMs;
  }
}
