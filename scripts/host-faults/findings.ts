/** What was found of a quiet time and of faults, against what is promised. */
import type { AnomalyEvent } from '@tarsier/protocol';
import type { RecordedFault } from './recording.ts';

export const faultKinds = ['cpu', 'memory', 'disk', 'network'] as const;
export type FaultKind = (typeof faultKinds)[number];

/** Series that a fault moves itself, by name and labels; others follow from it. */
const ownSeries: Readonly<Record<FaultKind, RegExp>> = {
  cpu: /^(?:cpu|load|processes)_|^system_pressure_.*resource="cpu"/u,
  memory: /^(?:memory|swap)_|^system_pressure_.*resource="memory"/u,
  // The kernel counts what goes to disks among its memory's pages, too.
  disk: /^(?:disk|diskio|filesystem)_|^memory_(?:paged_|pages_dirtied|pages_written|dirty|writeback)|resource="io"/u,
  network: /^(?:network|netstat)_/u,
};
export const limits = { quietEvents: 1, knownMs: 5_000 } as const;
/** What happens so soon after a fault belongs to it, ms: what it took is given back. */
const afterFaultMs = 20_000;
const shown = 3;

/** An event as it was in the end, and when it was known of. */
export interface Told {
  readonly event: AnomalyEvent;
  readonly toldAt: number;
}

export interface Finding {
  readonly what: string;
  readonly limit: string;
  readonly seen: string;
  readonly isMet: boolean;
}

export function findingOfQuiet(told: readonly Told[], from: number, to: number): Finding {
  const inside = told.filter(({ toldAt }) => toldAt >= from && toldAt < to);
  const minutes = Math.round((to - from) / 60_000);
  return {
    what: `${minutes} quiet minutes`,
    limit: `at most ${limits.quietEvents} event`,
    seen: [`${inside.length} events`, ...inside.map(({ event }) => event.reason)].join('; '),
    isMet: inside.length <= limits.quietEvents,
  };
}

/** @param faults  in order of time */
export function findingsOfFaults(told: readonly Told[], faults: readonly RecordedFault[]): Finding[] {
  return faults.map((fault, at) => {
    const until = Math.min(fault.end + afterFaultMs, faults[at + 1]?.begin ?? Infinity);
    return findingOfFault(
      told.filter(({ toldAt }) => toldAt >= fault.begin && toldAt < until),
      fault,
    );
  });
}

function findingOfFault(own: readonly Told[], { kind, begin }: RecordedFault): Finding {
  const [first] = own.toSorted((a, b) => a.toldAt - b.toldAt);
  const names = first?.event.contributors.slice(0, shown).map(({ metric, labels }) => metric + labelsOf(labels)) ?? [];
  const afterMs = first === undefined ? Infinity : first.toldAt - begin;
  const [top = ''] = names;
  const isRight = Object.hasOwn(ownSeries, kind) && ownSeries[kind as FaultKind].test(top);
  return {
    what: `${kind} fault`,
    limit: `known within ${limits.knownMs / 1000} s, its series on top`,
    seen:
      first === undefined
        ? 'not found'
        : `after ${(afterMs / 1000).toFixed(1)} s, ${own.length} event(s); on top ${names.join(', ')}`,
    isMet: afterMs <= limits.knownMs && isRight,
  };
}

function labelsOf(labels: Readonly<Record<string, string>>): string {
  const own = Object.entries(labels).filter(([name]) => name !== 'host');
  return own.length === 0 ? '' : `{${own.map(([name, value]) => `${name}="${value}"`).join(',')}}`;
}

/** @returns a table for people */
export function tableOf(findings: readonly Finding[]): string {
  const rows = findings.map(({ what, limit, seen, isMet }) => [isMet ? 'ok' : 'MISSED', what, limit, seen]);
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
