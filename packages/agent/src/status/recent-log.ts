import type { Log, LogFields, LogLevel } from '../log.ts';

export interface LogEntry {
  readonly at: number;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

const kept = 20;

/** A log that is told elsewhere too, and can be pointed elsewhere; its last warnings and errors are kept. */
export function createRecentLog(
  first: Log,
  now: () => number = Date.now,
): {
  readonly log: Log;
  /** The oldest first. */
  readonly recent: readonly LogEntry[];
  use(log: Log): void;
} {
  let target = first;
  const recent: LogEntry[] = [];
  const at =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}): void => {
      target[level](message, fields);
      if (level !== 'warn' && level !== 'error') return;
      recent.push({ at: now(), level, message, fields });
      if (recent.length > kept) recent.shift();
    };
  return {
    log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') },
    recent,
    use(log) {
      target = log;
    },
  };
}
