import { TarsierError } from '@tarsier/protocol';
import type { AgentStatus } from '../agent.ts';
import { exitCodes, text, type Command } from '../command.ts';
import { createConfigReader } from '../config-files.ts';
import type { LogEntry } from '../recent-log.ts';
import type { ReloadState } from '../reload.ts';
import { askStatus } from '../status-socket.ts';
import { bytesInWords, counted, durationInWords, table } from '../words.ts';
import { configHelp, configOption, jsonOption } from './settings.ts';

/** What a running agent tells of itself; also with `--json`. Times are Unix ms. */
export interface StatusReport {
  readonly version: string;
  readonly pid: number;
  readonly startedAt: number;
  readonly settings: ReloadState;
  readonly agent: AgentStatus;
  /** The last warnings and errors. */
  readonly recent: readonly LogEntry[];
}

export const statusCommand: Command = {
  name: 'status',
  summary: 'how the agent on this host does',
  help: `tarsier-agent status [--config FILE] [--json]

Asks the running agent: what waits, when the collector last took something, what each plugin costs, which settings are
in use, and what went wrong lately. The socket is in the state folder; only root and the agent's user may ask.

${configHelp}
  --json          for programs; times are Unix milliseconds

Exit codes: 0 an agent runs, 1 none does or it does not answer, 2 wrong arguments or settings.
`,
  options: { ...configOption, ...jsonOption },
  async run(args, program) {
    // Settings that do not hold are a reason to ask.
    const { state } = await createConfigReader(program, { explicit: text(args.values['config']), needsKey: false })();
    // Both ends are this program; a state folder belongs to one version of it.
    const report = (await askStatus(state, program.platform).catch((error: unknown) => {
      if (error instanceof TarsierError && args.values['json'] === true)
        program.print(`${JSON.stringify(error.toJSON())}\n`);
      throw error;
    })) as StatusReport;
    program.print(
      args.values['json'] === true ? `${JSON.stringify(report, undefined, 2)}\n` : statusInWords(report, Date.now()),
    );
    return exitCodes.done;
  },
};

/** @param now  Unix ms */
export function statusInWords({ version, pid, startedAt, settings, agent, recent }: StatusReport, now: number): string {
  const { ticks, spool, ship, usage } = agent;
  const ago = (at: number | undefined): string =>
    at === undefined ? 'never' : `${durationInWords(Math.max(0, now - at))} ago`;
  const cpuShare = usage.cpuSeconds / Math.max(1, (now - startedAt) / 1000);
  const facts = [
    ['Agent', `${version}, process ${pid}, running for ${durationInWords(now - startedAt)}`],
    [
      'Host',
      `${agent.host}, measured every ${durationInWords(agent.intervalMs)}; last ${ago(ticks.lastAt)}, ${durationInWords(ticks.lagSeconds * 1000)} late; ${counted(ticks.missed, 'tick')} missed`,
    ],
    [
      'Collector',
      `${agent.url}; last took a batch ${ago(ship.lastShipAt)}, in ${durationInWords(ship.lastShipSeconds * 1000)}`,
    ],
    [
      'Batches',
      `${counted(ship.shipped, 'batch', 'batches')} taken, ${ship.refused} refused, ${spool.dropped} dropped; ${counted(ship.failures, 'try', 'tries')} failed`,
    ],
    [
      'Queue',
      `${counted(spool.waiting, 'batch', 'batches')} waiting${spool.oldest === undefined ? '' : `, the oldest of ${ago(spool.oldest)}`}; ${bytesInWords(spool.bytes)} on disk${spool.inMemory > 0 ? `, ${spool.inMemory} in memory only: the disk takes nothing` : ''}`,
    ],
    [
      'Cost',
      `${(cpuShare * 100).toFixed(2)} % of a core since the start, ${bytesInWords(usage.residentBytes)} of memory`,
    ],
    ['Settings', `${settings.file ?? 'no file, only the environment'}, read ${ago(settings.readAt)}`],
  ];
  const plugins = agent.plugins.map(({ name, up, absent, series, durationSeconds, failures, timeouts }) => [
    name,
    absent !== undefined ? 'absent' : up ? 'ok' : 'failing',
    String(series),
    durationInWords(durationSeconds * 1000),
    String(failures + timeouts),
    absent ?? '',
  ]);
  const refused =
    settings.refused === undefined
      ? ''
      : `\nSettings that changed ${ago(settings.refused.at)} are not taken; the former ones stay:\n${settings.refused.problems.map((problem) => `  ${problem}\n`).join('')}`;
  const lately =
    recent.length === 0
      ? ''
      : `\nLately:\n${table(recent.map(({ at, level, message, fields }) => [`  ${new Date(at).toISOString()}`, level, `${message} ${fieldsInWords(fields)}`.trim()]))}`;
  return `${table(facts)}${refused}\n${table([['PLUGIN', 'STATE', 'SERIES', 'LAST TOOK', 'FAILURES', ''], ...plugins])}${lately}`;
}

function fieldsInWords(fields: LogEntry['fields']): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(' ');
}
