/**
 * Regular expressions that meet what strangers wrote: answers of servers, lines of logs. The engine of the language may
 * take exponential time; RE2's is linear in the text, so that no text can hold up the agent.
 */
import { z } from 'zod';

export interface Pattern {
  /** Of its named groups. */
  readonly names: readonly string[];
  matches(text: string): boolean;
  /** Named groups of the first match, those that took part; undefined without a match. */
  groups(text: string): Readonly<Record<string, string>> | undefined;
}

/** Syntax of RE2: no look-around and no back references. `(?i)` in front ignores case. @throws when it is not */
export async function compilePattern(pattern: string): Promise<Pattern> {
  // Loaded with the first pattern: memory that an agent without patterns does not need.
  const { RE2JS } = await import('re2js');
  const compiled = RE2JS.compile(pattern);
  const names = Object.keys(compiled.namedGroups());
  return {
    names,
    matches: (text) => compiled.test(text),
    groups(text) {
      // The test is an automaton, ten times quicker than to find out where the groups are.
      if (!compiled.test(text)) return undefined;
      if (names.length === 0) return {};
      const matcher = compiled.matcher(text);
      if (!matcher.find()) return undefined;
      const groups: Record<string, string> = {};
      for (const name of names) {
        const value = matcher.group(name);
        if (value !== null) groups[name] = value;
      }
      return groups;
    },
  };
}

/** Compiles each pattern once. */
export function createPatterns(): (pattern: string) => Promise<Pattern> {
  const compiled = new Map<string, Promise<Pattern>>();
  return (pattern) => {
    const known = compiled.get(pattern) ?? compilePattern(pattern);
    compiled.set(pattern, known);
    return known;
  };
}

const groupName = /\(\?P?<(?<name>[A-Za-z_]\w*)>/gu;

/** Names of a pattern's groups, without compiling it. */
export function groupNames(pattern: string): string[] {
  return [...pattern.matchAll(groupName)].flatMap(({ groups }) => groups?.['name'] ?? []);
}

/**
 * A setting that is a pattern; '' is none. Checked as far as that goes without the engine: what only RE2 refuses is
 * told when it is first needed.
 */
export const patternSetting = z.string().superRefine((pattern, context) => {
  const refuse = (why: string): void =>
    context.addIssue({ code: 'custom', message: `expected a regular expression as of RE2 (${why})` });
  const foreign = /\(\?(?:=|!|<=|<!)|\\[1-9k]/u.exec(pattern.replaceAll('\\\\', ''));
  if (foreign !== null) {
    refuse(`without look-around and back references, as ${foreign[0]}`);
    return;
  }
  try {
    // Flags and names of groups as this language writes them.
    RegExp(pattern.replaceAll(groupName, '(?<$<name>>').replaceAll(/\(\?[imsU]+\)/gu, ''));
  } catch (error) {
    refuse(error instanceof Error ? error.message : String(error));
  }
});
