/** Conditions over other rules as people write them: `"Disk full" and ("Service failed" or not Night)`. */
import type { RuleCondition } from '@tarsier/protocol/api';

const word = /^[^\s"()]+$/u;
const words = new Set(['and', 'or', 'not']);

export function conditionText(condition: RuleCondition, isInner = false): string {
  if ('rule' in condition) {
    const { rule } = condition;
    return word.test(rule) && !words.has(rule) ? rule : JSON.stringify(rule);
  }
  if ('not' in condition) return `not ${conditionText(condition.not, true)}`;
  const [parts, joined] = 'all' in condition ? [condition.all, ' and '] : [condition.any, ' or '];
  const text = parts.map((part) => conditionText(part, parts.length > 1)).join(joined);
  return isInner && parts.length > 1 ? `(${text})` : text;
}

/** `not` binds tighter than `and`, and that than `or`. @returns undefined for what is no condition */
export function parseCondition(text: string): RuleCondition | undefined {
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[()]|[^\s"()]+|"/gu) ?? [];
  let at = 0;

  function several(joined: 'and' | 'or', one: () => RuleCondition | undefined): RuleCondition | undefined {
    const parts: RuleCondition[] = [];
    do {
      const part = one();
      if (part === undefined) return undefined;
      parts.push(part);
    } while (tokens[at] === joined && at++ < tokens.length);
    const [first] = parts;
    if (parts.length === 1) return first;
    return joined === 'and' ? { all: parts } : { any: parts };
  }
  const either = (): RuleCondition | undefined => several('or', () => several('and', single));

  function single(): RuleCondition | undefined {
    const token = tokens[at++];
    if (token === 'not') {
      const inner = single();
      return inner && { not: inner };
    }
    if (token === '(') {
      const inner = either();
      return tokens[at++] === ')' ? inner : undefined;
    }
    if (token === undefined || token === ')' || token === '"' || words.has(token)) return undefined;
    return { rule: token.startsWith('"') ? unquoted(token) : token };
  }

  const condition = either();
  return at === tokens.length ? condition : undefined;
}

function unquoted(token: string): string {
  try {
    const text: unknown = JSON.parse(token);
    return String(text);
  } catch {
    // An escape that JSON has not: as it stands.
    return token.slice(1, -1);
  }
}
