import { hostname } from 'node:os';
import { describeValue, maxHostLength, TarsierError } from '@tarsier/protocol';
import { z } from 'zod';
import { logLevels } from './log.ts';

const megabyte = 1024 * 1024;

const configSchema = z.strictObject({
  url: z
    .url({ protocol: /^https?$/u, error: 'expected the collector, as in http://127.0.0.1:7077' })
    .default('http://127.0.0.1:7077'),
  key: z.string('expected an API key of scope ingest (TARSIER_KEY)').min(1),
  /** Refused by the collector when the key belongs to another tenant: guards against a mix-up. */
  tenant: z.string().min(1).optional(),
  host: z.string().min(1).max(maxHostLength).prefault(hostname()),
  spool: z.string().min(1).default('./tarsier-spool'),
  spoolBytes: z.coerce
    .number()
    .int()
    .min(megabyte)
    .default(64 * megabyte),
  intervalMs: z.coerce.number().int().min(100).max(3_600_000).default(1_000),
  flushMs: z.coerce.number().int().min(100).max(3_600_000).default(10_000),
  timeoutMs: z.coerce.number().int().min(10).max(60_000).default(900),
  log: z.enum(logLevels).default('info'),
  logFormat: z.enum(['text', 'json']).default('text'),
  /** Settings by plugin; `false` leaves one out. */
  plugins: z.record(z.string(), z.union([z.literal(false), z.record(z.string(), z.unknown())])).default({}),
});

export type AgentConfig = z.infer<typeof configSchema>;

const variables: Readonly<Record<string, keyof AgentConfig>> = {
  TARSIER_URL: 'url',
  TARSIER_KEY: 'key',
  TARSIER_TENANT: 'tenant',
  TARSIER_HOST: 'host',
  TARSIER_SPOOL: 'spool',
  TARSIER_SPOOL_BYTES: 'spoolBytes',
  TARSIER_INTERVAL_MS: 'intervalMs',
  TARSIER_FLUSH_MS: 'flushMs',
  TARSIER_LOG: 'log',
  TARSIER_LOG_FORMAT: 'logFormat',
};

/**
 * Settings from a file's text (JSON) and the environment, which wins; an empty variable counts as unset.
 *
 * @throws {TarsierError} `config/file`, or `config/setting` naming each bad one, what came and what was expected
 */
export function loadConfig(
  file: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): AgentConfig {
  const settings: Record<string, unknown> = { ...readFile(file) };
  const source: Record<string, string> = {};
  for (const [variable, setting] of Object.entries(variables)) {
    const value = environment[variable];
    if (value === undefined || value === '') continue;
    settings[setting] = value;
    source[setting] = variable;
  }
  const parsed = configSchema.safeParse(settings);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => {
    const setting = String(path[0] ?? '');
    const name = [source[setting] ?? setting, ...path.slice(1)].join('.');
    const shown = setting === 'key' ? '' : `, got ${describeValue(path.reduce<unknown>(at, settings))}`;
    return `${name === '' ? 'settings' : name}: ${message}${shown}`;
  });
  throw new TarsierError('config/setting', problems.join('; '));
}

function readFile(text: string | undefined): Readonly<Record<string, unknown>> {
  if (text === undefined) return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new TarsierError('config/file', 'the settings file is not JSON', { cause });
  }
  const parsed = z.record(z.string(), z.unknown()).safeParse(value);
  if (!parsed.success)
    throw new TarsierError('config/file', `the settings file: expected an object, got ${describeValue(value)}`);
  return parsed.data;
}

function at(value: unknown, key: PropertyKey): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}
