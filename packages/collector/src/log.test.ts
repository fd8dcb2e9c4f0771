import { expect, test } from 'vitest';
import { createLog } from './log.ts';

function logged(format: 'text' | 'json', message: string, fields: Record<string, unknown> = {}): string {
  const lines: string[] = [];
  createLog({ level: 'info', format, write: (line) => lines.push(line), now: () => 0 }).warn(message, fields);
  return lines.join('\n');
}

test.each([
  'a key tsr_abcdefghijklmnopqrstuvwxyz012345 was sent',
  'token tsr_enrol_abcdefghijklmnopqrstuvwxyz',
  'authorization: Bearer c2VjcmV0LXNlY3JldC1zZWNyZXQ',
  'jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-def',
  'connect postgres://tarsier:hunter2-secret@db/tarsier failed',
  'GET /sign-in?code=abcdefghijkl',
])('a secret in %j is not in the log, neither as text nor as JSON', (message) => {
  const secret = /[\w.-]*(?:abcdefghijkl|c2VjcmV0|eyJhbGci|hunter2)[\w.-]*/u.exec(message)?.[0] ?? expect.unreachable();
  for (const format of ['text', 'json'] as const) {
    for (const line of [logged(format, message), logged(format, 'x', { error: new Error(message), path: message })]) {
      expect(line).toContain('(hidden)');
      expect(line).not.toContain(secret);
    }
  }
});

test('a line of JSON has what a line of text has, and a message can not make a second line', () => {
  const line = logged('json', 'two\nlines', { requestId: 'r-1', ms: 3 });
  expect(JSON.parse(line)).toEqual({
    time: '1970-01-01T00:00:00.000Z',
    level: 'warn',
    message: 'two\nlines',
    requestId: 'r-1',
    ms: 3,
  });
  expect(line.split('\n')).toHaveLength(1);
  expect(logged('text', 'two\nlines', { ms: 3 })).toBe('1970-01-01T00:00:00.000Z warn  two lines ms=3');
});
