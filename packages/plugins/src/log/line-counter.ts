/** Lines that match patterns, counted: by what the patterns' named groups caught. */
import { isLabelName, type Labels } from '@tarsier/protocol';
import { compilePattern } from '../text/pattern.ts';

export interface LinePattern {
  readonly name: string;
  readonly pattern: string;
}

export interface LineCount {
  readonly labels: Labels;
  count: number;
}

export interface LineCounter {
  readonly lines: number;
  line(text: string): void;
  /** By pattern and labels; a pattern without groups is there from the beginning, at 0. */
  counts(): Iterable<LineCount>;
}

const maxValueLength = 100;
/** What a label is once there are too many values. */
const other = 'other';

/** Groups that would be a label which there is already, or none. */
export function isGroupName(name: string): boolean {
  return isLabelName(name) && !['name', 'pattern', 'host', 'plugin'].includes(name);
}

/** @param maxSeries  of each pattern; lines that would make one more are counted with the label value `other` */
export async function createLineCounter(patterns: readonly LinePattern[], maxSeries: number): Promise<LineCounter> {
  let lines = 0;
  const compiledPatterns = await Promise.all(patterns.map(({ pattern }) => compilePattern(pattern)));
  const counters = compiledPatterns.map((compiled, index) => {
    const name = patterns[index]?.name ?? '';
    const counts = new Map<string, LineCount>();
    const overflow = Object.fromEntries(compiled.names.map((group) => [group, other]));
    const add = (groups: Labels): void => {
      const key = Object.values(groups).join('\0');
      const known = counts.get(key);
      if (known !== undefined) known.count++;
      else if (counts.size < maxSeries || groups === overflow)
        counts.set(key, { labels: { pattern: name, ...groups }, count: 1 });
      else add(overflow);
    };
    if (compiled.names.length === 0) counts.set('', { labels: { pattern: name }, count: 0 });
    return { compiled, counts, add };
  });

  return {
    get lines() {
      return lines;
    },
    line(text) {
      lines++;
      for (const { compiled, add } of counters) {
        const groups = compiled.groups(text);
        if (groups === undefined) continue;
        const labels: Record<string, string> = {};
        for (const name of compiled.names) labels[name] = (groups[name] ?? '').slice(0, maxValueLength);
        add(labels);
      }
    },
    *counts() {
      for (const { counts } of counters) yield* counts.values();
    },
  };
}
