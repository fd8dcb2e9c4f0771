import { TarsierError, type UnixMs } from '@tarsier/protocol';

/** Counts failures to sign in, by e-mail address and by network address. */
export interface Attempts {
  /** @throws {TarsierError} `auth/attempts` when there were too many */
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
      if (names.every((name) => recent(name).length < most)) return;
      throw new TarsierError('auth/attempts', 'too many tries to sign in; wait a quarter of an hour', {
        retryable: true,
      });
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
