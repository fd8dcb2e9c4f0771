/**
 * StatsD's and DogStatsD's lines: `name:value|type[|@rate][|#tag:value,tag][|T<Unix seconds>]`, several values as
 * `name:1:2:3|ms`. https://docs.datadoghq.com/developers/dogstatsd/datagram_shell/
 */

/** `c` counter, `g` gauge, `ms` timer, `h` histogram, `d` distribution, `s` set. */
export type StatsdType = 'c' | 'g' | 'ms' | 'h' | 'd' | 's';

export interface StatsdLine {
  readonly name: string;
  readonly type: StatsdType;
  /** As written: a set's may be any text, a gauge's sign says that it is a change. */
  readonly values: readonly string[];
  /** Share of events that were sent: 0 < rate <= 1. */
  readonly rate: number;
  /** As written, between the commas. */
  readonly tags: string;
}

/** What is no metric: an event (`_e{…}`), a service check (`_sc|…`). */
export type StatsdAside = 'event' | 'check';

const types: ReadonlySet<string> = new Set<StatsdType>(['c', 'g', 'ms', 'h', 'd', 's']);
const numberPattern = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/u;

/** @returns undefined when it is no line of the kind */
export function parseStatsdLine(line: string): StatsdLine | StatsdAside | undefined {
  if (line.startsWith('_e{')) return 'event';
  if (line.startsWith('_sc|')) return 'check';
  const [head = '', typeText = '', ...extras] = line.split('|');
  const colon = head.indexOf(':');
  if (colon <= 0 || !isType(typeText)) return undefined;
  const values = head.slice(colon + 1).split(':');
  // Members of sets are any text, colons too.
  const parsedValues = typeText === 's' ? [head.slice(colon + 1)] : values;
  if (typeText !== 's' && !values.every((value) => numberPattern.test(value))) return undefined;
  let rate = 1;
  let tags = '';
  for (const extra of extras) {
    if (extra.startsWith('@')) {
      rate = Number(extra.slice(1));
      if (!(rate > 0 && rate <= 1)) return undefined;
    } else if (extra.startsWith('#')) tags = extra.slice(1);
    // T (a time), c: (a container), e: (external data), card: change nothing here.
  }
  return { name: head.slice(0, colon), type: typeText, values: parsedValues, rate, tags };
}

/** `env:prod,beta` as labels: a tag without a value is 1. Of a tag that comes twice, all values count. */
export function tagLabels(tags: string): Record<string, string> {
  const labels = new Map<string, string>();
  for (const tag of tags.split(',')) {
    if (tag === '') continue;
    const colon = tag.indexOf(':');
    const name = colon < 0 ? tag : tag.slice(0, colon);
    const value = colon < 0 ? '1' : tag.slice(colon + 1);
    const before = labels.get(name);
    labels.set(name, before === undefined || before === value ? value : `${before};${value}`);
  }
  return Object.fromEntries(labels);
}

function isType(text: string): text is StatsdType {
  return types.has(text);
}
