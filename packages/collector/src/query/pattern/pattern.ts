/**
 * Regular expressions that a stranger may send. The engine of the language backtracks, so that a pattern of twenty
 * characters can stop the collector for hours; this one takes time in proportion to pattern times text, whatever they
 * are (Thompson 1968, doi:10.1145/363347.363387; groups after Pike, as in RE2).
 */
import { TarsierError } from '@tarsier/protocol';
import { compileProgram, type Program } from './program.ts';
import { run, runWithGroups } from './run.ts';
import { parsePattern, type PatternNode } from './syntax.ts';

/** Longest pattern, characters: a dashboard lists its hosts in one. */
const maxLength = 50_000;
/** Label values come again with every series of a host. */
const maxRemembered = 1_000;

export interface Pattern {
  /** Whether the whole text matches. */
  matches(text: string): boolean;
  /** What the whole match and each group matched, undefined for a group that took no part. */
  groups(text: string): readonly (string | undefined)[] | undefined;
  /** Name of each group, '' for those without. */
  readonly groupNames: readonly string[];
}

/**
 * @param pattern  RE2 syntax, without look-around and back references; `.` matches line ends, too
 * @throws {TarsierError} `query/regex` with the position in the pattern
 */
export function compilePattern(pattern: string): Pattern {
  if (pattern.length > maxLength) {
    throw new TarsierError(
      'query/regex',
      `regular expression: expected at most ${maxLength} characters, got ${pattern.length}`,
      { field: 'query' },
    );
  }
  const { node, groupNames } = parsePattern(pattern);
  let program: Program | undefined;
  const compiled = (): Program => (program ??= compileProgram(node));
  const literals = literalsOf(node);
  // Compiled at once, so that one that is too large is told now.
  if (literals === undefined) compiled();
  return {
    groupNames,
    matches: literals === undefined ? remembering((text) => run(compiled(), text)) : (text) => literals.has(text),
    groups: (text) => runWithGroups(compiled(), text, groupNames.length),
  };
}

function remembering(test: (text: string) => boolean): (text: string) => boolean {
  const remembered = new Map<string, boolean>();
  return (text) => {
    let matches = remembered.get(text);
    if (matches === undefined) {
      matches = test(text);
      if (remembered.size >= maxRemembered) remembered.clear();
      remembered.set(text, matches);
    }
    return matches;
  };
}

/** The texts of a pattern that only lists some: `web-1|web-2`. */
function literalsOf(node: PatternNode): ReadonlySet<string> | undefined {
  const texts = (node.kind === 'alternatives' ? node.parts : [node]).map(literalOf);
  return texts.every((text) => text !== undefined) ? new Set(texts) : undefined;
}

function literalOf(node: PatternNode): string | undefined {
  switch (node.kind) {
    case 'empty':
      return '';
    case 'char':
      return node.literal;
    case 'sequence': {
      const parts = node.parts.map(literalOf);
      return parts.every((part) => part !== undefined) ? parts.join('') : undefined;
    }
    case 'assert':
    case 'alternatives':
    case 'repeat':
    case 'group':
      return undefined;
  }
}
