import { describeIssue } from '@tarsier/protocol';
import type { z } from 'zod';
import type { TakenLines } from '../doors/line-door.ts';

const mostMessages = 10;

/**
 * Reads one JSON object per line; a bad one costs only itself.
 *
 * @param take  @returns why it is not taken
 */
export function takeObjects<T>(
  text: string,
  schema: z.ZodType<T>,
  take: (object: T) => string | undefined,
): TakenLines {
  const refused = new Map<string, number>();
  const errors: string[] = [];
  let taken = 0;
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const { object, fault } = parse(line, schema);
    const why = object === undefined ? 'malformed' : take(object);
    if (why === undefined) {
      taken++;
      continue;
    }
    refused.set(why, (refused.get(why) ?? 0) + 1);
    if (errors.length < mostMessages) errors.push(`line ${index + 1}: ${fault ?? why}`);
  }
  return { taken, refused, errors };
}

function parse<T>(line: string, schema: z.ZodType<T>): { readonly object?: T; readonly fault?: string } {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return { fault: 'expected a JSON object' };
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return { object: parsed.data };
  const [issue] = parsed.error.issues;
  const { path, what, message } = describeIssue(parsed.error, value, 'line');
  if (path.length > 0) return { fault: message };
  // Of the line as a whole: what it should have, or should not.
  return { fault: issue?.code === 'custom' ? issue.message : what };
}
