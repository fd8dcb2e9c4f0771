/** How an agent does, in words for the person who asks. */
import type { AgentStatus } from './agent-status.ts';
import type { LogEntry } from './recent-log.ts';
import type { ReloadState } from '../config/reload.ts';
import { bytesInWords, counted, durationInWords, table } from '../words.ts';

/** What a running agent tells of itself. Times are Unix ms. */
export interface StatusReport {
  readonly version: string;
  readonly pid: number;
  readonly startedAt: number;
  readonly settings: ReloadState;
  readonly agent: AgentStatus;
  /** The last warnings and errors. */
  readonly recent: readonly LogEntry[];
}

/** @param now  Unix ms */
export function statusInWords(report: StatusReport, now: number): string {
  const { settings, agent, recent } = report;
  const sections = [
    table(facts(report, now)),
    settings.refused === undefined
      ? ''
      : `Settings that changed ${ago(settings.refused.at, now)} are not taken; the former ones stay:\n${indented(settings.refused.problems)}`,
    pluginTable(report, now),
    absentPlugins(agent),
    recent.length === 0 ? '' : `Lately:\n${table(recent.map(logRow))}`,
  ];
  return sections.filter((section) => section !== '').join('\n');
}

function facts({ version, pid, startedAt, settings, agent }: StatusReport, now: number): string[][] {
  const { ticks, spool, ship, usage, budget } = agent;
  const runningMs = now - startedAt;
  const oldest = spool.oldest === undefined ? '' : `, the oldest of ${ago(spool.oldest, now)}`;
  const inMemory = spool.inMemory === 0 ? '' : `, ${spool.inMemory} in memory only: the disk takes nothing`;
  const lately = budget.used === 0 ? '' : `, ${percent(budget.used)} lately`;
  const limit = budget.budget === 0 ? '' : ` of at most ${percent(budget.budget)}`;
  return [
    ['Agent', `${version}, process ${pid}, running for ${durationInWords(runningMs)}`],
    [
      'Host',
      `${agent.host}, measured every ${durationInWords(agent.intervalMs)}; last ${ago(ticks.lastAt, now)}, ${durationInWords(ticks.lagSeconds * 1000)} late; ${counted(ticks.missed, 'tick')} missed`,
    ],
    [
      'Collector',
      ship.lastShipAt === undefined
        ? `${agent.url}; took nothing yet`
        : `${agent.url}; last took a batch ${ago(ship.lastShipAt, now)}, in ${durationInWords(ship.lastShipSeconds * 1000)}`,
    ],
    [
      'Batches',
      `${counted(ship.shipped, 'batch', 'batches')} taken, ${ship.refused} refused, ${spool.dropped} dropped; ${counted(ship.failures, 'try', 'tries')} failed`,
    ],
    [
      'Queue',
      `${counted(spool.waiting, 'batch', 'batches')} waiting${oldest}; ${bytesInWords(spool.bytes)} on disk${inMemory}`,
    ],
    [
      'Cost',
      `${percent((usage.cpuSeconds * 1000) / Math.max(1000, runningMs))} of a core since the start${lately}${limit}; ${bytesInWords(usage.residentBytes)} of memory`,
    ],
    ['Settings', `${settings.file ?? 'no file, only the environment'}, read ${ago(settings.readAt, now)}`],
  ];
}

function pluginTable({ agent, startedAt }: StatusReport, now: number): string {
  const rows = agent.plugins
    .filter(({ absent }) => absent === undefined)
    .map(({ name, up, series, intervalMs, slowdown, durationSeconds, busySeconds, failures, timeouts }) => [
      name,
      up ? 'ok' : 'failing',
      String(series),
      `${durationInWords(Math.max(intervalMs, agent.intervalMs))}${slowdown > 1 ? ' (slowed)' : ''}`,
      durationInWords(durationSeconds * 1000),
      percent((busySeconds * 1000) / Math.max(1000, now - startedAt)),
      String(failures + timeouts),
    ]);
  return table([['PLUGIN', 'STATE', 'SERIES', 'EVERY', 'LAST TOOK', 'COST', 'FAILURES'], ...rows]);
}

function absentPlugins({ plugins }: AgentStatus): string {
  const names = plugins.filter(({ absent }) => absent !== undefined).map(({ name }) => name);
  return names.length === 0 ? '' : `Nothing to measure here: ${names.join(', ')} (tarsier-agent plugins says why).\n`;
}

function logRow({ at, level, message, fields }: LogEntry): string[] {
  const pairs = Object.entries(fields).map(([name, value]) => ` ${name}=${JSON.stringify(value)}`);
  return [`  ${new Date(at).toISOString()}`, level, `${message}${pairs.join('')}`];
}

function ago(at: number | undefined, now: number): string {
  return at === undefined ? 'never' : `${durationInWords(Math.max(0, now - at))} ago`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}

function indented(lines: readonly string[]): string {
  return lines.map((line) => `  ${line}\n`).join('');
}
