import { TarsierError } from '@tarsier/protocol';

const codes = {
  requests: 'limit/requests',
  samples: 'limit/samples',
  hosts: 'limit/hosts',
  bytes: 'limit/bytes',
  subscriptions: 'limit/subscriptions',
  'jobs-waiting': 'limit/jobs-waiting',
  'money-day': 'limit/money-day',
  'money-month': 'limit/money-month',
} as const;

/** Refused for now; how long is known. */
export class RetryLaterError extends TarsierError {
  /** When it may succeed, ms from now. */
  readonly retryAfterMs: number;

  constructor(code: string, message: string, retryAfterMs: number) {
    // It comes a thousand times a second where somebody floods, and where it was thrown helps nobody.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(code, message, { retryable: true });
    Error.stackTraceLimit = stackTraceLimit;
    this.retryAfterMs = retryAfterMs;
  }
}

/** A limit by time. */
export interface RateLimit {
  readonly limit: number;
  readonly windowS: number;
  readonly tenantId: number;
  /** How many requests it lets the tenant make in a second; undefined where it is about a key's, or about samples. */
  readonly requestsPerS: number | undefined;
  /** Whether the next one would be refused, too. */
  readonly isSpent: () => boolean;
}

/** A tenant, or a key, has used what it may. */
export class LimitError extends RetryLaterError {
  /** The limit's name. */
  readonly limit: keyof typeof codes;
  /** Of a limit by time: how much there may be in so many seconds. */
  readonly rate: RateLimit | undefined;

  constructor(limit: keyof typeof codes, message: string, retryAfterMs: number, rate?: RateLimit) {
    super(codes[limit], message, retryAfterMs);
    this.limit = limit;
    this.rate = rate;
  }
}
