/** Who is on call when: a rotation's turns by the clocks of its zone, and what people have taken over. */
import type { UnixMs } from '@tarsier/protocol';
import type { OnCallResponse, Override, Rotation, Shift } from '@tarsier/protocol/api';
import { dayMs } from '../../storage/hours.ts';
import {
  addDays,
  instantOf,
  localTime,
  minutesOf,
  spansWithin,
  type LocalDay,
  type TimeSpan,
} from '../pipeline/calendar.ts';

/**
 * The shifts that touch `from` to `to`, in order, not cut to it.
 *
 * @param overrides  of any rotation, the oldest first
 */
export function shiftsWithin(rotation: Rotation, overrides: readonly Override[], span: TimeSpan): readonly Shift[] {
  // A shift that begins before the span, and one that an override cuts, must be known whole.
  const around = { from: span.from - rotation.shiftDays * dayMs, to: span.to + rotation.shiftDays * dayMs };
  let shifts = turnsWithin(rotation, around);
  for (const override of overrides)
    if (override.rotationId === rotation.id) shifts = takeOver(shifts, rotation, override);
  return joined(shifts).filter(({ from, to }) => from < span.to && to > span.from);
}

/** Who is on call at a time; undefined: nobody. */
export function onCallAt(rotation: Rotation, overrides: readonly Override[], at: UnixMs): Shift | undefined {
  return shiftsWithin(rotation, overrides, { from: at, to: at + 1 })[0];
}

/** Who is on call now, and who after that. */
export function nowAndNext(
  rotation: Rotation,
  overrides: readonly Override[],
  at: UnixMs,
): OnCallResponse['rotations'][number] {
  const { id, name, shiftDays, people, times } = rotation;
  // Hours may be those of one weekday only.
  const rounds = 2 * shiftDays * people.length * dayMs + (times === undefined ? 0 : 31 * dayMs);
  const shifts = shiftsWithin(rotation, overrides, { from: at, to: at + rounds });
  const [first] = shifts;
  const now = first !== undefined && first.from <= at ? first : null;
  return { id, name, now, next: shifts.find(({ from }) => from > at) ?? null };
}

/** Turns as the rotation has them, without overrides. */
function turnsWithin(rotation: Rotation, { from, to }: TimeSpan): readonly Shift[] {
  const { timeZone, startsOn, handOverAt, shiftDays, people, times } = rotation;
  const [year = 0, month = 0, day = 0] = startsOn.split('-').map(Number);
  const first: LocalDay = { year, month, day };
  const handOver = minutesOf(handOverAt);
  const beginOf = (turn: number): UnixMs => instantOf(timeZone, addDays(first, turn * shiftDays), handOver);
  const days = (daysOf(localTime(timeZone, from)) - daysOf(first)) / shiftDays;
  const shifts: Shift[] = [];
  const firstTurn = Math.max(0, Math.floor(days) - 1);
  for (let turn = firstTurn, begin = beginOf(firstTurn), next = begin; begin < to; turn++, begin = next) {
    next = beginOf(turn + 1);
    const person = people[turn % people.length];
    const whole = { from: begin, to: next };
    if (person === undefined || whole.to <= from) continue;
    const parts =
      times === undefined ? [whole] : spansWithin({ timeZone, times }, whole).map((part) => cut(part, whole));
    for (const part of parts) shifts.push({ person: person.name, channels: person.channels, ...part });
  }
  return shifts;
}

function daysOf({ year, month, day }: LocalDay): number {
  return Date.UTC(year, month - 1, day) / dayMs;
}

function cut({ from, to }: TimeSpan, within: TimeSpan): TimeSpan {
  return { from: Math.max(from, within.from), to: Math.min(to, within.to) };
}

function takeOver(shifts: readonly Shift[], { people }: Rotation, override: Override): readonly Shift[] {
  const { id, person, from, to } = override;
  const channels = override.channels ?? people.find(({ name }) => name === person)?.channels ?? [];
  const left = shifts.flatMap((shift) => [
    ...(shift.from < from ? [{ ...shift, to: Math.min(shift.to, from) }] : []),
    ...(shift.to > to ? [{ ...shift, from: Math.max(shift.from, to) }] : []),
  ]);
  return [...left, { person, channels, from, to, override: id }].toSorted((a, b) => a.from - b.from);
}

/** What one person has without a break is one shift. */
function joined(shifts: readonly Shift[]): readonly Shift[] {
  const result: Shift[] = [];
  for (const shift of shifts) {
    const last = result.at(-1);
    const goesOn = last !== undefined && last.person === shift.person && last.override === shift.override;
    if (goesOn && shift.from <= last.to) result[result.length - 1] = { ...last, to: Math.max(last.to, shift.to) };
    else result.push(shift);
  }
  return result;
}
