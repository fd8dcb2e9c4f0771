import { TarsierError } from '@tarsier/protocol';
import { exitCodes, type Command, type Program } from '../command.ts';
import { dropSpool, inspectSpool, verifySpool, type SpoolSummary } from '../spool/inspect.ts';
import { bytesInWords, counted, table } from '../words.ts';
import { configHelp, configOption, jsonOption, readableConfig } from './settings.ts';

export const spoolCommand: Command = {
  name: 'spool',
  summary: 'look at, check or empty the batches that wait on disk',
  help: `tarsier-agent spool inspect [--config FILE] [--json]
tarsier-agent spool verify  [--config FILE] [--json]
tarsier-agent spool drop    [--config FILE] --yes

inspect  what waits, since when, and in which files; also while an agent runs.
verify   reads every record back down to the samples and says what is damaged.
drop     deletes every batch for good; refused while an agent runs.

${configHelp}
  --json          for programs
  --yes           really drop

Exit codes: 0 done, 1 verify found damage, 2 wrong arguments or settings.
`,
  options: { ...configOption, ...jsonOption, yes: { type: 'boolean' } },
  takesNames: true,
  async run(args, program) {
    const read = await readableConfig(args, program);
    if (read === undefined) return exitCodes.usage;
    const { spool: folder } = read.config;
    const asJson = args.values['json'] === true;
    switch (args.positionals.join(' ')) {
      case 'inspect': {
        const summary = await inspected(folder);
        program.print(asJson ? `${JSON.stringify(summary, undefined, 2)}\n` : summaryInWords(summary));
        return exitCodes.done;
      }
      case 'verify':
        return verify(folder, asJson, program);
      case 'drop': {
        const { waiting } = await inspected(folder);
        if (args.values['yes'] !== true) {
          throw new TarsierError(
            'usage/yes',
            `${folder}: ${counted(waiting, 'batch', 'batches')} that the collector has not taken would be lost; say --yes to drop them`,
          );
        }
        const dropped = await dropSpool(folder);
        program.print(
          `${folder} is empty; ${counted(dropped, 'batch', 'batches')} that the collector had not taken went with it.\n`,
        );
        return exitCodes.done;
      }
      default:
        throw new TarsierError(
          'usage/command',
          `expected inspect, verify or drop, got ${args.positionals.join(' ') || 'nothing'}; see tarsier-agent spool --help`,
        );
    }
  },
};

async function inspected(folder: string): Promise<SpoolSummary> {
  try {
    return await inspectSpool(folder);
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT')
      throw new TarsierError('spool/folder', `${folder}: there is no spool; no agent has run with these settings`);
    throw new TarsierError('spool/folder', `${folder}: the spool can not be read`, { cause });
  }
}

async function verify(folder: string, asJson: boolean, program: Program): Promise<number> {
  const { batches, waiting } = await inspected(folder);
  const problems = await verifySpool(folder);
  if (asJson) program.print(`${JSON.stringify({ folder, batches, waiting, problems }, undefined, 2)}\n`);
  else if (problems.length === 0) program.print(`${folder}: ${counted(batches, 'batch', 'batches')}, all whole.\n`);
  else {
    for (const { file, offset, what } of problems) program.print(`${file}:${offset}: ${what}\n`);
    program.print(`${counted(problems.length, 'place')} can not be read; the agent goes on behind them.\n`);
  }
  return problems.length === 0 ? exitCodes.done : exitCodes.failed;
}

function summaryInWords({
  folder,
  bytes,
  batches,
  waiting,
  oldest,
  newest,
  epoch,
  segments,
  refused,
}: SpoolSummary): string {
  const time = (at: number | undefined): string => (at === undefined ? 'none' : new Date(at).toISOString());
  const lines = [
    ['Folder', folder],
    ['Size', `${bytesInWords(bytes)} in ${counted(segments.length, 'file')}`],
    ['Waiting', `${counted(waiting, 'batch', 'batches')} of ${batches.toLocaleString('en-US')}`],
    ['Oldest', time(oldest)],
    ['Newest', time(newest)],
    ['Last start', time(epoch)],
    ['Refused', refused === undefined ? 'none' : JSON.stringify(refused)],
  ];
  const files = segments.map(({ file, bytes: size, batches: all, waiting: left, damaged, torn }) => [
    file,
    bytesInWords(size),
    String(all),
    String(left),
    damaged === 0 && torn === 0 ? 'whole' : `${counted(damaged, 'damaged place')}, ${bytesInWords(torn)} torn`,
  ]);
  const head = ['FILE', 'SIZE', 'BATCHES', 'WAITING', 'STATE'];
  return table(lines) + (files.length === 0 ? '' : `\n${table([head, ...files])}`);
}
