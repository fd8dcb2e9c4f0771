#!/usr/bin/env -S node --max-semi-space-size=1 --max-old-space-size=128 --single-threaded --no-opt --no-maglev --no-node-snapshot --expose-gc
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { text as textOf } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { describeError, TarsierError } from '@tarsier/protocol';
import { exitCodes, type Arguments, type Command, type Program } from './command.ts';
import { commands } from './commands/all.ts';
import { runCommand } from './commands/run.ts';
import { settingsSchema, variables } from './config/config.ts';
import { didYouMean, nearest } from './config/nearest.ts';
import { refuseExit } from './refuse-exit.ts';
import { table } from './words.ts';

/** The agent's own: plugins get one that throws. */
const exit = process.exit.bind(process);

const program: Program = {
  version: packageVersion(),
  environment: process.env,
  platform: process.platform,
  pid: process.pid,
  uid: process.getuid?.(),
  home: homedir(),
  executable: process.execPath,
  script: fileURLToPath(import.meta.url),
  print: (text) => process.stdout.write(text),
  tell: (text) => process.stderr.write(text),
  usage() {
    const { user, system } = process.cpuUsage();
    return { cpuSeconds: (user + system) / 1e6, residentBytes: process.memoryUsage.rss() };
  },
  onSignal: (signal, run) => process.on(signal, run),
  onStdinEnd(run) {
    process.stdin.on('end', run).on('error', run);
    // A pipe that stays open must not keep an agent alive that was told to stop.
    process.stdin.resume().unref();
  },
  onStray(run) {
    process.on('unhandledRejection', run).on('uncaughtException', run);
  },
  exit,
  readStdin: () => textOf(process.stdin),
};

refuseExit(process);
process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  // `--check-config` alone is what people know from other programs.
  const [first = '', ...others] = argv.includes('--check-config')
    ? ['check-config', ...argv.filter((one) => one !== '--check-config' && one !== 'run')]
    : argv;
  const named = first !== '' && !first.startsWith('-');
  const command = named ? commands.find(({ name }) => name === first) : runCommand;
  try {
    if (command === undefined) {
      const known = commands.map(({ name }) => name);
      throw new TarsierError(
        'usage/command',
        `there is no command ${first}${didYouMean(first, known)}; see tarsier-agent --help`,
      );
    }
    const options = {
      ...command.options,
      help: { type: 'boolean', short: 'h' },
      version: { type: 'boolean' },
    } as const;
    const { positionals, values } = parse(command, named ? others : [...argv], options);
    if (values['version'] === true) return print(`${program.version}\n`);
    if (values['help'] === true) return print(named ? command.help : overview());
    return await command.run({ positionals, values }, program);
  } catch (error) {
    program.tell(`tarsier-agent: ${describeError(error)}\n`);
    const wrongUse = error instanceof TarsierError && /^(usage|config|enrolment|plugin)\//u.test(error.code);
    return wrongUse ? exitCodes.usage : exitCodes.failed;
  }
}

function overview(): string {
  const list = table(commands.map(({ name, summary }) => [`  tarsier-agent ${name}`, summary]));
  const names = Object.entries(variables).map(([variable, setting]) => [
    `  ${variable}`,
    settingsSchema.shape[setting].description ?? '',
  ]);
  return `tarsier-agent ${program.version}: measures this host each second and ships it to a Tarsier collector

${list}
  tarsier-agent COMMAND --help   what a command takes
  tarsier-agent --version

Settings come from /etc/tarsier/agent.yaml or $XDG_CONFIG_HOME/tarsier/agent.yaml, whichever is there first, or from
--config FILE. The environment wins:

${table(names)}
Exit codes: 0 done, 1 failed, 2 wrong arguments or settings.
`;
}

function print(text: string): number {
  program.print(text);
  return exitCodes.done;
}

/** @throws {TarsierError} `usage/option` */
function parse(command: Command, args: string[], options: Command['options']): Arguments {
  try {
    const { positionals, values } = parseArgs({ args, allowPositionals: true, options });
    const [extra] = positionals;
    if (extra !== undefined && command.takesNames !== true)
      throw new TarsierError('usage/argument', `${command.name} takes options only, got ${extra}`);
    // No option of these is a list.
    return { positionals, values: values as Arguments['values'] };
  } catch (error) {
    const see = `see tarsier-agent ${command.name} --help`;
    if (!(error instanceof Error)) throw error;
    const [, unknown] = /^Unknown option '(--?[^']+)'/u.exec(error.message) ?? [];
    const why = unknown === undefined ? error.message : `there is no option ${unknown}${optionMeant(unknown, options)}`;
    throw new TarsierError('usage/option', `${why}; ${see}`);
  }
}

function optionMeant(unknown: string, options: Command['options']): string {
  const meant = nearest(unknown.replace(/^-+/u, ''), Object.keys(options));
  return meant === undefined ? '' : `, did you mean --${meant}?`;
}

function packageVersion(): string {
  const manifest: unknown = createRequire(import.meta.url)('../package.json');
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : 'unknown';
}
