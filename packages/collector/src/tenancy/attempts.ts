import type { UnixMs } from '@tarsier/protocol';
import { RetryLaterError } from '../limit-error.ts';

/** Counts failures to sign in, by e-mail address and by network address, and wrong codes by account. */
export interface Attempts {
  /** @throws {RetryLaterError} `auth/attempts` when there were too many */
  check(names: readonly string[]): void;
  failed(names: readonly string[]): void;
  succeeded(name: string): void;
}

const windowMs = 15 * 60_000;
const most = 10;
const maxNames = 20_000;

/** In memory: with several collectors somebody has as many tries at each. */
export function createAttempts(now: () => UnixMs = Date.now): Attempts {
  const failures = new Map<string, UnixMs[]>();
  const recent = (name: string): UnixMs[] => (failures.get(name) ?? []).filter((at) => at > now() - windowMs);
  return {
    check(names) {
      // When so many of them are over that there is room for another.
      const free = names.map((name) => (recent(name).at(-most) ?? -Infinity) + windowMs - now());
      const waitMs = Math.max(...free);
      if (waitMs <= 0) return;
      const minutes = Math.ceil(waitMs / 60_000);
      throw new RetryLaterError(
        'auth/attempts',
        `too many tries to sign in; come again in ${minutes} ${minutes === 1 ? 'minute' : 'minutes'}`,
        waitMs,
      );
    },
    failed(names) {
      for (const name of names) {
        const before = recent(name);
        // The oldest name goes first.
        if (!failures.has(name) && failures.size >= maxNames) failures.delete(failures.keys().next().value ?? '');
        failures.delete(name);
        failures.set(name, [...before, now()]);
      }
    },
    succeeded: (name) => void failures.delete(name),
  };
}
