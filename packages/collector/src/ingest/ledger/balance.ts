/** Compares what agents say of their samples with what was stored of them, hour by hour. */
import type { UnixMs } from '@tarsier/protocol';
import type { LedgerHour, LedgerState } from '@tarsier/protocol/api';
import { hourMs } from '../../storage/hours.ts';
import type { LedgerRow, LedgerRows } from '../../storage/ledger.ts';

export interface Balance {
  readonly state: LedgerState;
  /** Until when all agents have told; undefined when none has. */
  readonly through: UnixMs | undefined;
  /** The oldest first. */
  readonly hours: readonly LedgerHour[];
}

/** The worst of several is that of all. */
const worstFirst: readonly LedgerState[] = ['fault', 'waiting', 'open', 'balanced', 'unaccounted'];

export function balance({ rows, through }: LedgerRows): Balance {
  const hours = [...Map.groupBy(rows, ({ hour }) => hour)]
    .toSorted(([a], [b]) => a - b)
    .map(([hour, ofHour]) => balanceHour(hour, ofHour, through));
  const states = new Set(hours.map(({ state }) => state));
  return {
    state: worstFirst.find((state) => states.has(state)) ?? 'unaccounted',
    through: through.size === 0 ? undefined : Math.max(...through.values()),
    hours,
  };
}

function balanceHour(hour: number, rows: readonly LedgerRow[], through: ReadonlyMap<string, UnixMs>): LedgerHour {
  const sum = (of: (row: LedgerRow) => number): number => rows.reduce((total, row) => total + of(row), 0);
  const dropped: Record<string, number> = {};
  for (const row of rows)
    for (const [reason, samples] of Object.entries(row.dropped))
      if (samples !== 0) dropped[reason] = (dropped[reason] ?? 0) + samples;
  const given = Object.values(dropped).reduce((total, samples) => total + samples, 0);
  const [taken, sent, stored] = [sum((row) => row.taken), sum((row) => row.sent), sum((row) => row.stored)];
  const sources = rows.filter(({ source }) => source !== '');
  const end = (hour + 1) * hourMs;
  const isOver = sources.every(({ source }) => (through.get(source) ?? 0) >= end);
  const figures = {
    hour: hour * hourMs,
    taken,
    sent,
    waiting: taken - sent - given,
    dropped,
    stored,
    crashes: sum((row) => row.crashes),
  };
  if (sources.length === 0) return { ...figures, state: 'unaccounted' };
  const why = faultOf(figures, isOver);
  if (why !== undefined) return { ...figures, state: 'fault', why };
  return { ...figures, state: !isOver ? 'open' : figures.waiting > 0 ? 'waiting' : 'balanced' };
}

/** @param isOver  all that was taken in the hour is in the account */
function faultOf(
  { sent, waiting, stored }: Pick<LedgerHour, 'sent' | 'waiting' | 'stored'>,
  isOver: boolean,
): string | undefined {
  if (waiting < 0) return `the agent has sent or dropped ${-waiting} samples more than it took`;
  // An agent is answered after the commit, and tells of it after that.
  if (stored < sent) return `${sent - stored} samples that an agent was told are stored are not`;
  // What is waiting may have been stored already, and the answer lost or yet to be told of.
  if (isOver && stored > sent + waiting) return `${stored - sent - waiting} samples are stored that no agent took`;
  return undefined;
}
