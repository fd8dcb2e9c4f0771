import { describeError, TarsierError, type JobError } from '@tarsier/protocol';

/** What is told of a run that threw: an error of ours says itself whether it is worth trying again. */
export function jobErrorOf(error: unknown): JobError {
  if (error instanceof TarsierError) {
    return { code: error.code, message: describeError(error), retryable: error.retryable };
  }
  return { code: 'jobs/failed', message: describeError(error), retryable: true };
}

/** Largest result, characters of JSON. */
const maxResult = 4 * 1024 * 1024;

/** @throws {TarsierError} `jobs/result` */
export function resultText(result: unknown): string | undefined {
  if (result === undefined) return undefined;
  let text: string;
  try {
    text = JSON.stringify(result);
  } catch (cause) {
    throw new TarsierError('jobs/result', 'result: expected what can be JSON', { cause });
  }
  if (text.length <= maxResult) return text;
  throw new TarsierError('jobs/result', `result: expected at most ${maxResult} characters, got ${text.length}`);
}
