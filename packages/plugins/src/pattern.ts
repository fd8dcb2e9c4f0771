/**
 * Regular expressions that meet what strangers wrote: answers of servers, lines of logs. The engine of the language may
 * take exponential time; RE2's is linear in the text, so that no text can hold up the agent.
 */
import { createRequire } from 'node:module';
import type * as Re2 from 're2js';
import { z } from 'zod';

export interface Pattern {
  /** Of its named groups. */
  readonly names: readonly string[];
  matches(text: string): boolean;
  /** Named groups of the first match, those that took part; undefined without a match. */
  groups(text: string): Readonly<Record<string, string>> | undefined;
}

let loaded: typeof Re2 | undefined;

/** Loaded with the first pattern: 4 MB that an agent without patterns does not need. */
function re2(): typeof Re2 {
  loaded ??= createRequire(import.meta.url)('re2js') as typeof Re2;
  return loaded;
}

/** Syntax of RE2: no look-around and no back references. `(?i)` in front ignores case. @throws when it is not */
export function compilePattern(pattern: string): Pattern {
  const compiled = re2().RE2JS.compile(pattern);
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

/** A setting that is a pattern; '' is none. */
export const patternSetting = z.string().superRefine((pattern, context) => {
  if (pattern === '') return;
  try {
    compilePattern(pattern);
  } catch (error) {
    context.addIssue({ code: 'custom', message: `expected a regular expression as of RE2 (${String(error)})` });
  }
});
