import { createHost, type Plugin } from '@tarsier/plugins';
import { TarsierError } from '@tarsier/protocol';
import { stringify } from 'yaml';
import { exitCodes, type Arguments, type Command, type Program } from '../command.ts';
import { jsonSchemaOf, type JsonSchema } from '../config/json-schema.ts';
import type { AgentConfig } from '../config/config.ts';
import { didYouMean } from '../config/nearest.ts';
import { tryPlugin } from './try-plugin.ts';
import { durationInWords, table } from '../words.ts';
import { configHelp, configOption, jsonOption, readableConfig } from './settings.ts';

export const pluginsCommand: Command = {
  name: 'plugins',
  summary: 'what can be measured, what works on this host, and what can be set',
  help: `tarsier-agent plugins [list] [--config FILE] [--json]
tarsier-agent plugins describe PLUGIN [--json]
tarsier-agent plugins config [PLUGIN …]

list      every plugin: how often it measures, whether it works on this host and if not why. Each is tried once.
describe  options and metrics of one plugin.
config    the default settings as YAML with comments, to copy into the settings file.

${configHelp}
  --json          for programs

Exit codes: 0 done, 2 wrong arguments or settings.
`,
  options: { ...configOption, ...jsonOption },
  takesNames: true,
  async run(args, program) {
    const read = await readableConfig(args, program);
    if (read === undefined) return exitCodes.usage;
    const { config, plugins } = read;
    const [action = 'list', ...names] = args.positionals;
    const chosen = names.map((name) => pluginNamed(name, plugins));
    switch (action) {
      case 'list':
        await list(plugins, config, args, program);
        return exitCodes.done;
      case 'describe':
        if (chosen.length !== 1)
          throw new TarsierError('usage/plugin', `expected one plugin to describe, got ${chosen.length}`);
        for (const plugin of chosen) program.print(describe(plugin, args));
        return exitCodes.done;
      case 'config':
        program.print(defaultSettings(chosen.length > 0 ? chosen : plugins));
        return exitCodes.done;
      default:
        throw new TarsierError(
          'usage/command',
          `expected list, describe or config, got ${action}; see tarsier-agent plugins --help`,
        );
    }
  },
};

function pluginNamed(name: string, plugins: readonly Plugin[]): Plugin {
  const plugin = plugins.find((one) => one.name === name);
  if (plugin !== undefined) return plugin;
  const known = plugins.map((one) => one.name);
  throw new TarsierError(
    'usage/plugin',
    `there is no plugin ${name}${didYouMean(name, known)}; tarsier-agent plugins lists them`,
  );
}

async function list(
  plugins: readonly Plugin[],
  config: AgentConfig,
  { values }: Arguments,
  program: Program,
): Promise<void> {
  const host = createHost();
  const rows = await Promise.all(
    plugins.map(async (plugin) => {
      const { name, summary, intervalMs } = plugin;
      const everyMs = Math.max(intervalMs, config.intervalMs);
      const settings = config.plugins[name];
      if (settings === false) return { name, summary, everyMs, works: false, why: 'left out by the settings' };
      const options = { host, scrapes: 1, betweenMs: 0, timeoutMs: config.timeoutMs };
      const { absent, error } = await tryPlugin(plugin, settings ?? {}, options);
      const why = error ?? absent;
      return { name, summary, everyMs, works: why === undefined, ...(why === undefined ? {} : { why }) };
    }),
  );
  host.close();
  if (values['json'] === true) program.print(`${JSON.stringify(rows, undefined, 2)}\n`);
  else
    program.print(
      table([
        ['PLUGIN', 'EVERY', 'HERE', 'WHAT IT MEASURES, OR WHY NOT'],
        ...rows.map(({ name, summary, everyMs, works, why = '' }) => [
          name,
          durationInWords(everyMs),
          works ? 'yes' : 'no',
          works ? summary : why,
        ]),
      ]),
    );
}

function describe(plugin: Plugin, { values }: Arguments): string {
  const { name, summary, intervalMs, metrics } = plugin;
  const options = optionsOf(plugin);
  if (values['json'] === true)
    return `${JSON.stringify({ name, summary, intervalMs, options: jsonSchemaOf(plugin.config), metrics }, undefined, 2)}\n`;
  const optionRows = options.map(([option, schema]) => [`  ${option}`, fallbackOf(schema), schema.description ?? '']);
  const metricRows = Object.entries(metrics).map(([metric, { kind, unit, help }]) => [`  ${metric}`, kind, unit, help]);
  return [
    `${name}: ${summary}`,
    intervalMs === 0 ? 'Measured at each tick of the agent.' : `Measured every ${durationInWords(intervalMs)}.`,
    '',
    options.length === 0
      ? 'There is nothing to set.'
      : `Options:\n${table([['  OPTION', 'DEFAULT', 'MEANING'], ...optionRows]).trimEnd()}`,
    '',
    metricRows.length === 0
      ? 'Which metrics there are depends on what it measures.'
      : `Metrics:\n${table([['  METRIC', 'KIND', 'UNIT', 'MEANING'], ...metricRows]).trimEnd()}`,
    '',
  ].join('\n');
}

/** As one would write it into a settings file. */
function defaultSettings(plugins: readonly Plugin[]): string {
  const blocks = plugins.map((plugin) => {
    const options = optionsOf(plugin).map(([option, schema]) => {
      const comment = schema.description === undefined ? '' : `    # ${schema.description}\n`;
      const value = stringify({ [option]: schema.default ?? null }, { lineWidth: 0 }).trimEnd();
      // What has no default is not set; it is shown as it would be.
      const lines = value.split('\n').map((line) => `    ${schema.default === undefined ? '# ' : ''}${line}`);
      return `${comment}${lines.join('\n')}\n`;
    });
    const head = `  # ${plugin.summary} (${plugin.name}: false leaves it out)\n  ${plugin.name}:`;
    return `${head}${options.length === 0 ? ' {}' : ''}\n${options.join('')}`;
  });
  return `plugins:\n${blocks.join('\n')}`;
}

function optionsOf({ config }: Plugin): [string, JsonSchema][] {
  return Object.entries(jsonSchemaOf(config).properties ?? {}).flatMap(([name, schema]): [string, JsonSchema][] =>
    typeof schema === 'object' ? [[name, schema]] : [],
  );
}

const longestFallback = 40;

function fallbackOf({ default: fallback }: JsonSchema): string {
  if (fallback === undefined) return 'none';
  const shown = JSON.stringify(fallback);
  return shown.length > longestFallback ? `${shown.slice(0, longestFallback - 2)} …` : shown;
}
