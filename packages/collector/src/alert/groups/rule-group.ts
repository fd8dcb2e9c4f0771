import type { Labels, UnixMs } from '@tarsier/protocol';
import { idOf } from '../id-of.ts';
import { sortedEntries } from '../sorted-entries.ts';

/** Rules that are evaluated together, one after the other, at the same times. */
export interface RuleGroup {
  readonly name: string;
  readonly intervalMs: number;
  /** How far behind the clock it is evaluated: samples come a little late. */
  readonly queryOffsetMs: number;
  /** Most series of each of its rules; 0 for any number. */
  readonly limit: number;
  readonly rules: readonly GroupRule[];
}

interface CommonRule {
  /** As it was written. */
  readonly expr: string;
  /** They go before the result's; those of the group are among them. */
  readonly labels: Labels;
}

/** Stores what an expression amounts to as series of a name of its own. */
export interface RecordingRule extends CommonRule {
  readonly kind: 'record';
  readonly record: string;
}

/** Fires for each series that an expression gives. */
export interface AlertingRule extends CommonRule {
  readonly kind: 'alert';
  readonly alert: string;
  readonly forMs: number;
  readonly keepFiringForMs: number;
  readonly annotations: Readonly<Record<string, string>>;
}

export type GroupRule = RecordingRule | AlertingRule;

/**
 * What alerts know their rules by: the file, the group, the name and the labels. A rule whose expression or time is
 * changed is still the same one, and its alerts go on.
 */
export function ruleIds(file: string, { name, rules }: RuleGroup): readonly string[] {
  const times = new Map<string, number>();
  return rules.map((rule) => {
    const own = rule.kind === 'record' ? rule.record : rule.alert;
    const identity = JSON.stringify([file, name, rule.kind, own, sortedEntries(rule.labels)]);
    const time = (times.get(identity) ?? 0) + 1;
    times.set(identity, time);
    return `${fileRulePrefix}${idOf(`${identity}${time}`)}`;
  });
}

/** Ids of rules of files begin so. */
export const fileRulePrefix = 'file:';

/** When a group is evaluated: whole intervals from an offset of its own, so that not all groups come at once. */
export function slotAt(key: string, intervalMs: number, now: UnixMs): UnixMs {
  const offset = spread(key) % intervalMs;
  return Math.floor((now - offset) / intervalMs) * intervalMs + offset;
}

/** FNV-1a of the text: a number that only the text decides on. */
function spread(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0;
  }
  return hash;
}
