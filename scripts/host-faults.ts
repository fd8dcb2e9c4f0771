/**
 * Watches this host for a while, then gives it four faults of 30 s, one after the other, and says what a collector and
 * an agent at their defaults made of it. Only what an idle machine says counts.
 *
 * `pnpm test:host-faults [MINUTES] [--record FILE] [--no-faults]`: 30 quiet minutes unless told otherwise, and about
 * five more; with --record, all that the agent ships is kept.
 * `pnpm test:host-faults --replay FILE`: what the detectors make of what was recorded then, in a second or two.
 */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { findingOfQuiet, findingsOfFaults, tableOf, type Finding } from './host-faults/findings.ts';
import { replay } from './host-faults/replay.ts';
import { watchHost } from './host-faults/watch.ts';

/** pnpm runs scripts at the root, wherever it was called from. */
const pathOf = (given: string): string => resolve(process.env['INIT_CWD'] ?? '.', given);
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const { positionals, values } = parseArgs({
  args: process.argv.slice(2).filter((arg) => arg !== '--'),
  allowPositionals: true,
  options: {
    record: { type: 'string' },
    replay: { type: 'string' },
    faults: { type: 'boolean', default: true },
  },
  allowNegative: true,
});
const minutes = Number(positionals[0] ?? 30);

async function findings(): Promise<readonly Finding[]> {
  if (values.replay === undefined) {
    const record = values.record === undefined ? undefined : pathOf(values.record);
    return watchHost({ minutes, withFaults: values.faults, record, say });
  }
  const { told, faults, settledAt, until } = replay(pathOf(values.replay));
  const quietUntil = faults[0]?.begin ?? until;
  return [findingOfQuiet(told, settledAt, quietUntil), ...findingsOfFaults(told, faults)];
}

if (!(minutes > 0) || positionals.length > 1) {
  process.stderr.write(`MINUTES: expected a number > 0, got ${positionals.join(' ')}\n`);
  process.exitCode = 2;
} else {
  const found = await findings();
  say(`\n${tableOf(found)}`);
  if (found.some(({ isMet }) => !isMet)) process.exitCode = 1;
}
