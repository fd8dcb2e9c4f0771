import { TarsierError } from '@tarsier/protocol';
import type { CharTest } from './char-test.ts';
import type { Assertion, PatternNode } from './syntax.ts';

export type Instruction =
  | { readonly op: 'char'; readonly test: CharTest; readonly next: number }
  /** `first` is the way that is preferred. */
  | { readonly op: 'split'; first: number; second: number }
  | { readonly op: 'assert'; readonly what: Assertion; readonly next: number }
  /** Remembers where a group begins (slot 2n) or ends (2n + 1). */
  | { readonly op: 'save'; readonly slot: number; readonly next: number }
  | { readonly op: 'match' };

export interface Program {
  readonly instructions: readonly Instruction[];
  readonly start: number;
}

/** Most instructions, counted repetitions written out. */
const maxInstructions = 5_000;

/** @throws {TarsierError} `query/regex` when its repetitions make it too long */
export function compileProgram(node: PatternNode): Program {
  const instructions: Instruction[] = [];
  const write = (instruction: Instruction): number => {
    if (instructions.length >= maxInstructions) {
      throw new TarsierError('query/regex', 'regular expression: its repetitions are too many', { field: 'query' });
    }
    return instructions.push(instruction) - 1;
  };
  const choice = (body: number, otherwise: number, lazy: boolean): number =>
    write({ op: 'split', first: lazy ? otherwise : body, second: lazy ? body : otherwise });

  /** Writes what matches `part` and goes on at `next`. @returns where it begins */
  const emit = (part: PatternNode, next: number): number => {
    switch (part.kind) {
      case 'empty':
        return next;
      case 'char':
        return write({ op: 'char', test: part.test, next });
      case 'assert':
        return write({ op: 'assert', what: part.what, next });
      case 'sequence':
        return part.parts.reduceRight((after, inner) => emit(inner, after), next);
      case 'alternatives':
        return part.parts
          .map((inner) => emit(inner, next))
          .reduceRight((second, first) => write({ op: 'split', first, second }));
      case 'group': {
        const end = write({ op: 'save', slot: part.index * 2 + 1, next });
        return write({ op: 'save', slot: part.index * 2, next: emit(part.of, end) });
      }
      case 'repeat':
        return emitRepeat(part, next);
    }
  };
  const emitRepeat = ({ of, least, most, lazy }: PatternNode & { kind: 'repeat' }, next: number): number => {
    let after = next;
    if (most === Infinity) {
      const loop: Instruction = { op: 'split', first: next, second: next };
      after = write(loop);
      const body = emit(of, after);
      if (lazy) loop.second = body;
      else loop.first = body;
    } else {
      for (let time = least; time < most; time++) after = choice(emit(of, after), next, lazy);
    }
    for (let time = 0; time < least; time++) after = emit(of, after);
    return after;
  };
  const start = emit(node, write({ op: 'match' }));
  return { instructions, start };
}
