import { describeError } from '@tarsier/protocol';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export const logLevels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

export const logFormats = ['text', 'json'] as const;
export type LogFormat = (typeof logFormats)[number];

export type LogFields = Readonly<Record<string, unknown>>;

/** One line per call: a sentence, and fields for programs. Fields must not hold a secret; what looks like one is hidden. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/**
 * Writes `2026-11-24T09:00:00.000Z warn  message key=value` lines at `level` and above.
 *
 * @param write  gets one line without its line end
 */
export function createLog({
  level,
  write,
  format = 'text',
  now = Date.now,
}: {
  readonly level: LogLevel;
  readonly write: (line: string) => void;
  /** `json`: one object a line, with `time`, `level`, `message` and the fields. */
  readonly format?: LogFormat;
  readonly now?: () => number;
}): Log {
  const lowest = logLevels.indexOf(level);
  const at =
    (name: LogLevel) =>
    (message: string, fields: LogFields = {}) => {
      if (logLevels.indexOf(name) < lowest) return;
      const time = new Date(now()).toISOString();
      if (format === 'json') {
        const shown = Object.entries(fields).map(([key, value]) => [
          key,
          value instanceof Error ? describeError(value) : value,
        ]);
        write(withoutSecrets(JSON.stringify({ ...Object.fromEntries(shown), time, level: name, message })));
        return;
      }
      const pairs = Object.entries(fields).map(([key, value]) => ` ${key}=${formatValue(value)}`);
      write(withoutSecrets(`${time} ${name.padEnd(5)} ${oneLine(message)}${pairs.join('')}`));
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };

function formatValue(value: unknown): string {
  const text =
    value instanceof Error ? describeError(value) : typeof value === 'string' ? value : JSON.stringify(value);
  return /^[\w./:@+-]+$/u.test(text) ? text : JSON.stringify(text);
}

// A line break inside a host name or a client's message must not forge a second log line.
function oneLine(text: string): string {
  return text.replaceAll(/[\r\n\u2028\u2029]+/gu, ' ');
}

/** What a message of somebody else's may have brought along: keys, tokens, passwords in addresses, codes of links. */
function withoutSecrets(line: string): string {
  return line
    .replaceAll(/\btsr_(?:[a-z]+_)?[\w-]{8,}/gu, 'tsr_(hidden)')
    .replaceAll(/\b(Bearer|Basic|Token) +[\w.~+/=-]{8,}/giu, '$1 (hidden)')
    .replaceAll(/\beyJ[\w-]+\.[\w-]+\.[\w-]*/gu, '(hidden)')
    .replaceAll(/(:\/\/[^\s:/@"]*):[^\s@/"]+@/gu, '$1:(hidden)@')
    .replaceAll(/([?&](?:code|token|p|key|password)=)[^\s&"]+/gu, '$1(hidden)');
}
