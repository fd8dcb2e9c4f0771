/** Looks at every process: what it is called, which group it belongs to, and what it has used. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Host } from '../host/host.ts';
import { parseKeyValues } from '../text/key-values.ts';
import { cleanText, labelText } from '../text/label-text.ts';
import { parseStatLine, type StatLine } from './stat-line.ts';
import type { Finding } from './tally.ts';

export interface NamedGroup {
  readonly name: string;
  /** On the command line, its parts separated by spaces. */
  readonly match: RegExp;
}

export interface Look {
  readonly findings: readonly Finding[];
  /** How many there are in a state, by its letter. */
  readonly states: ReadonlyMap<string, number>;
  /** How long it took, without the turns of others, ms. */
  readonly busyMs: number;
}

export interface ProcessFinder {
  look(signal: AbortSignal): Promise<Look>;
}

/** All threads of the kernel together: there are hundreds, and their names say little. */
export const kernelGroup = 'kernel';

/** After so many processes others get their turn: a look at thousands takes tens of milliseconds. */
const sliceLength = 100;
/** The kernel cuts names there; so does Node name its main thread, whatever the program is called. */
const longestCommand = 15;
const threadName = 'MainThread';

interface Known {
  readonly startTicks: number;
  readonly command: string;
  readonly group: string;
  readonly named: boolean;
}

export function createProcessFinder(host: Host, groups: readonly NamedGroup[]): ProcessFinder {
  let known = new Map<string, Known>();

  function recognise(pid: string, stat: StatLine): Known {
    const { startTicks, command } = stat;
    const before = known.get(pid);
    // A program that starts another in its place keeps its number and start.
    if (before?.startTicks === startTicks && before.command === command) return before;
    if (stat.isKernelThread) return { startTicks, command, group: kernelGroup, named: false };
    const isVague = command.length >= longestCommand || command === threadName;
    const line = groups.length > 0 || isVague ? (host.readOnce(`${pid}/cmdline`) ?? '') : '';
    const commandLine = cleanLine(line);
    const named = groups.find(({ match }) => match.test(commandLine));
    if (named !== undefined) return { startTicks, command, group: named.name, named: true };
    return { startTicks, command, group: labelText(isVague ? fullName(command, line) : command), named: false };
  }

  return {
    async look(signal) {
      const findings: Finding[] = [];
      const states = new Map<string, number>();
      const now = new Map<string, Known>();
      let looked = 0;
      let busyMs = 0;
      let turnBegan = host.now();
      for (const pid of host.listProc('.')) {
        if (!isNumber(pid)) continue;
        if (++looked % sliceLength === 0) {
          busyMs += host.now() - turnBegan;
          await nextTurn();
          signal.throwIfAborted();
          turnBegan = host.now();
        }
        const text = host.readOnce(`${pid}/stat`);
        const stat = text === undefined ? undefined : parseStatLine(text);
        // It ended while we looked.
        if (stat === undefined) continue;
        states.set(stat.state, (states.get(stat.state) ?? 0) + 1);
        const one = recognise(pid, stat);
        now.set(pid, one);
        const io = one.named ? parseKeyValues(host.readOnce(`${pid}/io`) ?? '') : undefined;
        findings.push({
          pid: Number(pid),
          startTicks: stat.startTicks,
          group: one.group,
          cpuTicks: stat.cpuTicks,
          majorFaults: stat.majorFaults,
          threads: stat.threads,
          residentPages: stat.residentPages,
          readBytes: io?.get('read_bytes') ?? Number.NaN,
          writtenBytes: io?.get('write_bytes') ?? Number.NaN,
          openFiles: one.named ? openFiles(host, pid) : Number.NaN,
        });
      }
      known = now;
      return { findings, states, busyMs: busyMs + host.now() - turnBegan };
    },
  };
}

/** NaN when it may not be looked at: a process that has no file open at all is rarer than that. */
function openFiles(host: Host, pid: string): number {
  const count = host.listProc(`${pid}/fd`).length;
  return count === 0 ? Number.NaN : count;
}

/** The program's own name, where the first word of its command line tells more than the kernel does. */
function fullName(command: string, commandLine: string): string {
  const [program = ''] = commandLine.split(/[\0 :]/u);
  const name = program.slice(program.lastIndexOf('/') + 1);
  return name !== '' && (command === threadName || name.startsWith(command)) ? name : command;
}

function cleanLine(commandLine: string): string {
  return cleanText(Buffer.from(commandLine, 'latin1').toString().replaceAll('\0', ' ').trim());
}

function isNumber(name: string): boolean {
  const first = name.charCodeAt(0);
  return first >= 49 && first <= 57;
}
