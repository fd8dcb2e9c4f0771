import { setImmediate } from 'node:timers/promises';
import { createHost } from '@tarsier/plugins';
import { seriesSignature, TarsierError } from '@tarsier/protocol';
import { exitCodes, type Command } from '../command.ts';
import { didYouMean } from '../config/nearest.ts';
import { strayOf, type Stray } from '../stray-log.ts';
import { tryPlugin, type TriedPlugin } from './try-plugin.ts';
import { counted, durationInWords, table } from '../words.ts';
import { configHelp, configOption, jsonOption, readableConfig } from './settings.ts';

const betweenMs = 1_000;

export const testCommand: Command = {
  name: 'test',
  summary: 'measure twice, a second apart, and print what would be sent; nothing is sent',
  help: `tarsier-agent test [PLUGIN …] [--config FILE] [--json]

Runs the plugins (all that are not left out, or those named) twice, a second apart, with the settings of this host, and
prints what the second time would send. Nothing is sent, and a running agent is not disturbed.

${configHelp}
  --json          { host, plugins: [{ plugin, samples: [{ name, labels, kind, unit, value }], error, absent, … }], strays }

Exit codes: 0 done, 1 a plugin failed, or something that none waited for did, 2 wrong arguments or settings. A plugin
that has nothing to measure on this host has not failed.
`,
  options: { ...configOption, ...jsonOption },
  takesNames: true,
  async run(args, program) {
    const read = await readableConfig(args, program);
    if (read === undefined) return exitCodes.usage;
    const { config, plugins } = read;
    const names = plugins.map(({ name }) => name);
    const unknown = args.positionals.find((name) => !names.includes(name));
    if (unknown !== undefined)
      throw new TarsierError(
        'usage/plugin',
        `there is no plugin ${unknown}${didYouMean(unknown, names)}; tarsier-agent plugins lists them`,
      );
    const chosen = plugins.filter(({ name }) =>
      args.positionals.length > 0 ? args.positionals.includes(name) : config.plugins[name] !== false,
    );
    const strays = new Map<string, Stray>();
    let printed = false;
    program.onStray((error) => {
      const stray = strayOf(error);
      strays.set(strayInWords(stray), stray);
      if (!printed) return;
      program.tell(strayInWords(stray));
      program.exit(exitCodes.failed);
    });
    const host = createHost();
    const { timeoutMs } = config;
    const tried = await Promise.all(
      chosen.map((plugin) => {
        const settings = config.plugins[plugin.name];
        return tryPlugin(plugin, settings === false ? {} : (settings ?? {}), {
          host,
          scrapes: 2,
          betweenMs,
          timeoutMs,
        });
      }),
    );
    host.close();
    // What the last scrape let go of fails now.
    await setImmediate();
    if (args.values['json'] === true)
      program.print(
        `${JSON.stringify({ host: config.host, plugins: tried, strays: [...strays.values()] }, undefined, 2)}\n`,
      );
    else program.print(tried.map(inWords).join('\n') + summary(config.host, tried) + [...strays.keys()].join(''));
    printed = true;
    return strays.size > 0 || tried.some(({ error }) => error !== undefined) ? exitCodes.failed : exitCodes.done;
  },
};

function inWords({ plugin, samples, durationMs, warnings, absent, error }: TriedPlugin): string {
  const notes = warnings.map((warning) => `  warning: ${warning}\n`).join('');
  if (error !== undefined) return `${plugin}: failed: ${error}\n${notes}`;
  if (absent !== undefined) return `${plugin}: nothing to measure: ${absent}\n${notes}`;
  const rows = samples.map(({ name, labels, kind, unit, value }) => [
    `  ${seriesSignature({ name, labels })}`,
    String(value),
    kind === 'counter' ? `${unit} (counter)`.trim() : unit,
  ]);
  return `${plugin}: ${counted(samples.length, 'sample')} in ${durationInWords(durationMs)}\n${notes}${table(rows)}`;
}

function strayInWords({ why, at }: Stray): string {
  return `Failed where nothing waited for it: ${why}, at ${at}\n`;
}

function summary(host: string, tried: readonly TriedPlugin[]): string {
  const samples = tried.reduce((sum, one) => sum + one.samples.length, 0);
  const failed = tried.filter(({ error }) => error !== undefined).map(({ plugin }) => plugin);
  const absent = tried.filter((one) => one.absent !== undefined).map(({ plugin }) => plugin);
  const sentences = [
    `${counted(samples, 'sample')} of ${host} by ${counted(tried.length, 'plugin')}; nothing was sent.`,
    ...(failed.length > 0 ? [`Failed: ${failed.join(', ')}.`] : []),
    ...(absent.length > 0 ? [`Nothing to measure: ${absent.join(', ')}.`] : []),
  ];
  return `\n${sentences.join(' ')}\n`;
}
