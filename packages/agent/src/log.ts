export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export const logLevels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

export type LogFields = Readonly<Record<string, unknown>>;

export type Log = Readonly<Record<LogLevel, (message: string, fields?: LogFields) => void>>;

/** @param write  gets one line without its line end: text, or JSON for programs */
export function createLog({
  level,
  format,
  write,
  now = Date.now,
}: {
  readonly level: LogLevel;
  readonly format: 'text' | 'json';
  readonly write: (line: string) => void;
  readonly now?: () => number;
}): Log {
  const at =
    (name: LogLevel) =>
    (message: string, fields: LogFields = {}) => {
      if (logLevels.indexOf(name) < logLevels.indexOf(level)) return;
      const time = new Date(now()).toISOString();
      if (format === 'json') write(JSON.stringify({ time, level: name, message, ...fields }));
      else
        write(
          `${time} ${name.padEnd(5)} ${message}${Object.entries(fields)
            .map(([key, value]) => ` ${key}=${JSON.stringify(value)}`)
            .join('')}`,
        );
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
