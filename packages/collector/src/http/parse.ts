import { describeIssue, TarsierError } from '@tarsier/protocol';
import type { z } from 'zod';

/**
 * Outside data through its schema.
 *
 * @param code  of the error: `query/parameter`
 * @throws {TarsierError} naming the first bad field, what came and what was expected
 */
export function parse<T extends z.ZodType>(schema: T, value: unknown, code: string): z.infer<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { field, message } = describeIssue(parsed.error, value, 'body');
  throw new TarsierError(code, message, { field });
}
