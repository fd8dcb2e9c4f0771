/** The agent's settings: from a file and the environment, which wins, with defaults, and with every problem named. */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Plugin } from '@tarsier/plugins';
import { builtinPlugins } from '@tarsier/plugins/builtin';
import { maxHostLength, TarsierError } from '@tarsier/protocol';
import { z } from 'zod';
import { readDocument, type ConfigProblem, type Path } from './document.ts';
import { came, issueProblems, type Locate } from './issues.ts';
import { jsonSchemaOf, unknownNames } from './json-schema.ts';
import { checkPlugins, pluginEntries, type PluginModules, type PluginOptions } from './plugins.ts';
import { isPluginSpecifier } from '../external/load.ts';
import { logLevels } from '../log.ts';
import { didYouMean } from './nearest.ts';

const megabyte = 1024 * 1024;

/** What may be written in a file; each has a default or comes from enrolment. */
export const settingsSchema = z.object({
  url: z
    .url({ protocol: /^https?$/u, error: 'expected the collector, as in http://127.0.0.1:7077' })
    .default('http://127.0.0.1:7077')
    .describe('The collector.'),
  otherUrls: z
    .array(z.url({ protocol: /^https?$/u, error: 'expected a collector, as in http://10.0.0.2:7077' }))
    .max(16)
    .default([])
    .describe('Other collectors of the same database: where batches go while `url` does not answer.'),
  discoverCollectors: z
    .boolean()
    .default(true)
    .describe('Whether batches also go to the collectors that those of `url` and `otherUrls` tell of.'),
  key: z.string().min(1).optional().describe('An API key of scope ingest; not needed once the host is enrolled.'),
  tenant: z
    .string()
    .min(1)
    .optional()
    .describe('The collector refuses batches when the key belongs to another tenant: guards against a mix-up.'),
  host: z
    .string()
    .min(1)
    .max(maxHostLength)
    .optional()
    .describe('The label host of every series: the name that the host is enrolled by, or else its own.'),
  state: z.string().min(1).optional().describe("Folder of the host's key, the spool and the status socket."),
  spool: z
    .string()
    .min(1)
    .optional()
    .describe('Folder of batches that are not yet taken; in the state folder unless set.'),
  spoolBytes: z
    .int()
    .min(megabyte)
    .default(64 * megabyte)
    .describe('The oldest batches go when there is more.'),
  spoolMaxAgeMs: z
    .int()
    .min(60_000)
    .default(86_400_000)
    .describe('Batches that are older are dropped, ms: the collector takes none that are older than a day.'),
  cpuBudget: z
    .number()
    .min(0)
    .max(1)
    .default(0.01)
    .describe('Share of a core that the agent may use before its dearest plugin is slowed down; 0 for no limit.'),
  maxSeries: z
    .record(z.string(), z.int().min(1).max(10_000))
    .default({})
    .describe("Most series by plugin, where it is to be another number than the plugin's own."),
  intervalMs: z.int().min(100).max(3_600_000).default(1_000).describe('Time between ticks, ms.'),
  flushMs: z
    .int()
    .min(100)
    .max(3_600_000)
    .default(10_000)
    .describe("A batch's length while nobody watches the host, ms; while somebody does it is a second."),
  timeoutMs: z.int().min(10).max(60_000).default(900).describe('How long a plugin may take, ms.'),
  log: z.enum(logLevels).default('info').describe('How much the log tells.'),
  logFormat: z.enum(['text', 'json']).default('text').describe('For people or for programs.'),
  plugins: z
    .union([z.record(z.string(), z.unknown()), z.array(z.union([z.string(), z.record(z.string(), z.unknown())]))], {
      error: 'expected settings by plugin, or a list of plugins',
    })
    .default({})
    .describe('Settings by plugin; false leaves one out. Plugins from outside by their package or path.'),
  isolate: z
    .array(z.string())
    .default([])
    .describe(
      'Plugins from outside that run in a thread of their own, so that they can block or crash only themselves.',
    ),
});

type Settings = z.infer<typeof settingsSchema>;

export interface AgentConfig extends Omit<Settings, 'key' | 'host' | 'state' | 'spool' | 'plugins'> {
  readonly key: string;
  readonly host: string;
  readonly state: string;
  readonly spool: string;
  readonly plugins: PluginOptions;
}

/** The environment's names for settings. */
export const variables: Readonly<Record<string, keyof Settings>> = {
  TARSIER_URL: 'url',
  TARSIER_KEY: 'key',
  TARSIER_TENANT: 'tenant',
  TARSIER_HOST: 'host',
  TARSIER_STATE: 'state',
  TARSIER_SPOOL: 'spool',
  TARSIER_SPOOL_BYTES: 'spoolBytes',
  TARSIER_CPU_BUDGET: 'cpuBudget',
  TARSIER_INTERVAL_MS: 'intervalMs',
  TARSIER_FLUSH_MS: 'flushMs',
  TARSIER_TIMEOUT_MS: 'timeoutMs',
  TARSIER_LOG: 'log',
  TARSIER_LOG_FORMAT: 'logFormat',
};

export interface ConfigSource {
  readonly file?: { readonly path: string; readonly text: string } | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The built-in ones. */
  readonly plugins?: readonly Plugin[];
  /** What the modules hold that the settings name, or why they can't be loaded. */
  readonly modules?: PluginModules;
  /** The state folder where neither file nor environment names one. */
  readonly stateFolder?: string;
  /** What enrolment has left in a state folder. */
  readonly enrolment?: (
    stateFolder: string,
  ) => { readonly url: string; readonly host: string; readonly key: string } | undefined;
  /** Whether it is a problem when nothing gives a key; it is then empty. */
  readonly needsKey?: boolean;
  readonly readFile?: (path: string) => string;
}

export interface CheckedConfig {
  /** Undefined when there are problems. */
  readonly config: AgentConfig | undefined;
  readonly problems: readonly ConfigProblem[];
  /** The state folder, as far as it can be told when there are problems. */
  readonly state: string;
  /** Files besides the settings file itself that the settings were read from. */
  readonly files: readonly string[];
}

/** Settings and every problem with them, not only the first. */
export function checkConfig({
  file,
  environment,
  plugins = builtinPlugins,
  modules = new Map(),
  stateFolder = './tarsier-state',
  enrolment = () => undefined,
  needsKey = true,
  readFile = readText,
}: ConfigSource): CheckedConfig {
  const document = readDocument(file?.text ?? '', file?.path ?? 'settings', { environment, readFile });
  const { files } = document;
  let folder = notEmpty(environment['TARSIER_STATE']) ?? stateFolder;
  const failed = (problems: readonly ConfigProblem[]): CheckedConfig => ({
    config: undefined,
    problems,
    state: folder,
    files,
  });
  if (document.problems.length > 0) return failed(document.problems);
  const written = document.value ?? {};
  if (typeof written !== 'object' || Array.isArray(written))
    return failed([
      document.problemAt([], `expected settings, as in url: http://127.0.0.1:7077, ${came(written, [], false)}`),
    ]);

  const { settings, variableOf } = withEnvironment(written, environment);
  folder = notEmpty(settings['state']) ?? stateFolder;
  const found = enrolment(folder);
  const enrolled = found && { url: found.url, host: found.host, key: found.key };

  function problem(path: Path, message: string, on?: 'key'): ConfigProblem {
    const variable = variableOf.get(String(path[0]));
    return variable === undefined
      ? document.problemAt(path, message, on)
      : { source: variable, field: path.join('.'), message };
  }

  const parsed = settingsSchema.safeParse({ ...enrolled, ...settings });
  const problems = [
    ...unknownNames(jsonSchemaOf(settingsSchema), settings).map(({ path, known }) =>
      problem(path, `there is no such setting${didYouMean(String(path.at(-1)), known)}`, 'key'),
    ),
    ...issueProblems(parsed, settings, [], document, problem),
  ];
  const checked = checkPlugins(pluginEntries(settings['plugins']), { plugins, modules, document, problem });
  const data = parsed.data;
  const key = data?.key ?? (needsKey ? undefined : '');
  if (data !== undefined && key === undefined) {
    const message = 'expected a key: enrol this host with tarsier-agent enrol, or set key or TARSIER_KEY, got nothing';
    problems.push({ source: file?.path ?? 'settings', field: 'key', message });
  }
  if (enrolled !== undefined && key === enrolled.key && data?.host !== enrolled.host)
    problems.push(
      problem(
        ['host'],
        `expected ${enrolled.host}, as this host is enrolled and its key is for; leave the setting out, or enrol again with --as-new --host NAME`,
      ),
    );
  problems.push(...isolationProblems(data?.isolate ?? [], checked.external, plugins, problem));
  problems.push(...checked.problems);
  if (data === undefined || key === undefined || problems.length > 0) return failed(problems.toSorted(byPlace));
  return {
    config: {
      ...data,
      key,
      host: data.host ?? hostname(),
      state: folder,
      spool: data.spool ?? join(folder, 'spool'),
      plugins: checked.settings,
    },
    problems: [],
    state: folder,
    files,
  };
}

function withEnvironment(
  written: object,
  environment: ConfigSource['environment'],
): { readonly settings: Readonly<Record<string, unknown>>; readonly variableOf: ReadonlyMap<string, string> } {
  const settings: Record<string, unknown> = { ...written };
  const variableOf = new Map<string, string>();
  for (const [variable, setting] of Object.entries(variables)) {
    const value = environment[variable];
    if (value === undefined || value === '') continue;
    const isNumber = numeric(settingsSchema.shape[setting]) && /^-?\d+(?:\.\d+)?$/u.test(value);
    settings[setting] = isNumber ? Number(value) : value;
    variableOf.set(setting, variable);
  }
  return { settings, variableOf };
}

function isolationProblems(
  names: readonly string[],
  external: readonly Plugin[],
  builtin: readonly Plugin[],
  problem: Locate,
): ConfigProblem[] {
  const known = external.map(({ name }) => name);
  return names.flatMap((name, index) => {
    if (known.includes(name)) return [];
    const why = builtin.some((plugin) => plugin.name === name) ? `${name} is built in` : `there is no plugin ${name}`;
    return [problem(['isolate', index], `expected a plugin from outside; ${why}${didYouMean(name, known)}`)];
  });
}

/** Modules that the settings name as plugins: packages and files. None while the file can't be read. */
export function pluginModulesIn({ file, environment, readFile = readText }: ConfigSource): readonly string[] {
  const { value } = readDocument(file?.text ?? '', file?.path ?? 'settings', { environment, readFile });
  const plugins = typeof value === 'object' && value !== null && 'plugins' in value ? value.plugins : undefined;
  return pluginEntries(plugins).flatMap(({ name }) => (isPluginSpecifier(name) ? [name] : []));
}

/** @throws {TarsierError} `config/setting`, naming each problem */
export function loadConfig(
  text: string | undefined,
  environment: ConfigSource['environment'],
  plugins: readonly Plugin[] = builtinPlugins,
): AgentConfig {
  const file = text === undefined ? undefined : { path: 'settings', text };
  const { config, problems } = checkConfig({ file, environment, plugins });
  if (config !== undefined) return config;
  throw new TarsierError('config/setting', problems.map(describeProblem).join('; '));
}

/** As compilers do, so that editors and terminals can jump there: `agent.yaml:3:5: plugins.cpu: …`. */
export function describeProblem({ source, line, column, field, message }: ConfigProblem): string {
  const place = line === undefined ? source : `${source}:${line}:${column ?? 1}`;
  return `${place}: ${field === '' || field === source ? '' : `${field}: `}${message}`;
}

function readText(path: string): string {
  return readFileSync(path, 'utf8');
}

function notEmpty(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function numeric(schema: z.ZodType): boolean {
  return ['integer', 'number'].includes(String(jsonSchemaOf(schema).type));
}

function byPlace(a: ConfigProblem, b: ConfigProblem): number {
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
}
