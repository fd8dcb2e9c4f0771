import { TarsierError } from '@tarsier/protocol';

const codes = {
  requests: 'limit/requests',
  samples: 'limit/samples',
  hosts: 'limit/hosts',
  bytes: 'limit/bytes',
  subscriptions: 'limit/subscriptions',
  'jobs-waiting': 'limit/jobs-waiting',
} as const;

/** A tenant, or a key, has used what it may. */
export class LimitError extends TarsierError {
  /** The limit's name. */
  readonly limit: keyof typeof codes;
  /** When there is room again, ms from now. */
  readonly retryAfterMs: number;

  /** Of a limit by time: how much there may be in so many seconds. */
  readonly rate: { readonly limit: number; readonly windowS: number } | undefined;

  constructor(
    limit: keyof typeof codes,
    message: string,
    retryAfterMs: number,
    rate?: { readonly limit: number; readonly windowS: number },
  ) {
    super(codes[limit], message, { retryable: true });
    this.limit = limit;
    this.retryAfterMs = retryAfterMs;
    this.rate = rate;
  }
}
