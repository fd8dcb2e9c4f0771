/** Hot file: follows all ways through a program at once, one character after the other. */
import { isWord } from './char-test.ts';
import type { Program } from './program.ts';
import type { Assertion } from './syntax.ts';

/** Whether the program matches the whole text. */
export function run({ instructions, start }: Program, text: string): boolean {
  const codes = codesOf(text);
  const seenAt = new Int32Array(instructions.length).fill(-1);
  let matched = false;
  const reach = (from: number, at: number, waiting: number[]): void => {
    const open = [from];
    for (let index = open.pop(); index !== undefined; index = open.pop()) {
      if (seenAt[index] === at) continue;
      seenAt[index] = at;
      const instruction = instructions[index];
      switch (instruction?.op) {
        case 'split':
          open.push(instruction.second, instruction.first);
          break;
        case 'assert':
          if (holds(instruction.what, codes, at)) open.push(instruction.next);
          break;
        case 'save':
          open.push(instruction.next);
          break;
        case 'char':
          waiting.push(index);
          break;
        case 'match':
          matched ||= at === codes.length;
          break;
        case undefined:
      }
    }
  };
  let waiting: number[] = [];
  reach(start, 0, waiting);
  for (const [at, code] of codes.entries()) {
    if (waiting.length === 0) return false;
    const next: number[] = [];
    for (const index of waiting) {
      const instruction = instructions[index];
      if (instruction?.op === 'char' && instruction.test(code)) reach(instruction.next, at + 1, next);
    }
    waiting = next;
  }
  return matched;
}

interface Thread {
  readonly index: number;
  /** Where groups began and ended on this way. */
  readonly slots: readonly (number | undefined)[];
}

/**
 * Of all ways to match the whole text the one that the pattern prefers, as a backtracking engine would find it first.
 *
 * @param groups  how many, the whole match included
 */
export function runWithGroups(
  { instructions, start }: Program,
  text: string,
  groups: number,
): readonly (string | undefined)[] | undefined {
  const codes = codesOf(text);
  const seenAt = new Int32Array(instructions.length).fill(-1);
  let found: Thread['slots'] | undefined;
  const reach = (from: Thread, at: number, waiting: Thread[]): void => {
    const open = [from];
    for (let thread = open.pop(); thread !== undefined; thread = open.pop()) {
      const { index, slots } = thread;
      if (seenAt[index] === at) continue;
      seenAt[index] = at;
      const instruction = instructions[index];
      switch (instruction?.op) {
        case 'split':
          open.push({ index: instruction.second, slots }, { index: instruction.first, slots });
          break;
        case 'assert':
          if (holds(instruction.what, codes, at)) open.push({ index: instruction.next, slots });
          break;
        case 'save':
          open.push({ index: instruction.next, slots: slots.with(instruction.slot, at) });
          break;
        case 'char':
          waiting.push(thread);
          break;
        case 'match':
          if (at === codes.length) found ??= slots;
          break;
        case undefined:
      }
    }
  };
  let waiting: Thread[] = [];
  reach({ index: start, slots: Array.from({ length: groups * 2 }, () => undefined) }, 0, waiting);
  for (const [at, code] of codes.entries()) {
    const next: Thread[] = [];
    for (const { index, slots } of waiting) {
      const instruction = instructions[index];
      if (instruction?.op === 'char' && instruction.test(code)) reach({ index: instruction.next, slots }, at + 1, next);
    }
    waiting = next;
  }
  if (found === undefined) return undefined;
  const slots = found;
  return Array.from({ length: groups }, (_, group) => {
    if (group === 0) return text;
    const [begin, end] = [slots[group * 2], slots[group * 2 + 1]];
    return begin === undefined || end === undefined ? undefined : String.fromCodePoint(...codes.subarray(begin, end));
  });
}

function codesOf(text: string): Uint32Array {
  return Uint32Array.from(Array.from(text, (char) => char.codePointAt(0) ?? 0));
}

function holds(what: Assertion, codes: Uint32Array, at: number): boolean {
  const [before, after] = [codes[at - 1], codes[at]];
  switch (what) {
    case 'begin':
      return at === 0;
    case 'end':
      return at === codes.length;
    case 'line-begin':
      return at === 0 || before === 10;
    case 'line-end':
      return at === codes.length || after === 10;
    case 'word-boundary':
    case 'no-word-boundary': {
      const boundary = (before !== undefined && isWord(before)) !== (after !== undefined && isWord(after));
      return boundary === (what === 'word-boundary');
    }
  }
}
