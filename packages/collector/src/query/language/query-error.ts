import { TarsierError } from '@tarsier/protocol';

/** A place in the query's text: UTF-16 offsets, `end` not included. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * What is wrong with a query. `query/parse`: its text, found before anything is read; `query/execution`: found while
 * it was evaluated.
 */
export class QueryError extends TarsierError {
  constructor(code: 'query/parse' | 'query/execution', message: string) {
    super(code, message, { field: 'query' });
  }
}

/** `line:column` of an offset, both from 1, as Prometheus's messages have it. */
export function positionText(text: string, offset: number): string {
  const before = text.slice(0, offset).split('\n');
  return `${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
}

/** @param text  of the whole query */
export function parseError(text: string, { start }: Span, what: string): QueryError {
  return new QueryError('query/parse', `${positionText(text, start)}: parse error: ${what}`);
}

/** The evaluation can not go on: two series with the same labels, a parameter out of range. */
export function executionError(message: string): QueryError {
  return new QueryError('query/execution', message);
}
