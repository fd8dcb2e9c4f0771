import { labelText } from '../text/label-text.ts';

/** One array of /proc/mdstat (md(4)). */
export interface RaidArray {
  readonly array: string;
  readonly level: string;
  readonly isActive: boolean;
  /** Members that it is made of when whole, and those that work; NaN of levels without redundancy. */
  readonly disks: number;
  readonly working: number;
  readonly failed: number;
  readonly spare: number;
  /** What it is doing to become whole, or to see whether it is. */
  readonly operation?: string;
  /** How far that is, 0 to 1. */
  readonly progress?: number;
}

export function parseMdstat(text: string): RaidArray[] {
  const arrays: RaidArray[] = [];
  // An array begins at the line's start, and what follows is indented.
  for (const block of text.split(/\n(?=\S)/u)) {
    const head = /^(md\S+) : (active|inactive)(?: \([a-z-]+\))?(?: (\w+(?=\s\S*\[)))?(.*)$/mu.exec(block);
    // What holds the disks of several arrays (Intel's and DDF) is never active, and no array itself.
    if (head === null || /inactive.*\n.*super external:[a-z]/u.test(block)) continue;
    const [, array = '', activity, first = '', members = ''] = head;
    // An inactive array has no level, so that a member stands there.
    const level = /\[/u.test(first) ? '' : first;
    const counts = /\[(\d+)\/(\d+)\]/u.exec(block.slice(head[0].length));
    const running = /(recovery|resync|check|reshape) *= *([\d.]+)%/u.exec(block);
    const waiting = /(recovery|resync|check|reshape)=(?:DELAYED|PENDING)/u.exec(block);
    const operation = running?.[1] ?? waiting?.[1];
    arrays.push({
      array: labelText(array),
      level,
      isActive: activity === 'active',
      disks: Number(counts?.[1] ?? Number.NaN),
      working: Number(counts?.[2] ?? Number.NaN),
      failed: (members.match(/\]\(F\)/gu) ?? []).length,
      spare: (members.match(/\]\(S\)/gu) ?? []).length,
      ...(operation === undefined ? {} : { operation, progress: Number(running?.[2] ?? 0) / 100 }),
    });
  }
  return arrays;
}
