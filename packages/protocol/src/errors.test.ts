import { expect, test } from 'vitest';
import { describeError } from './errors.ts';

test('an error is told with its causes', () => {
  const error = new Error('not read', { cause: new Error('no such file', { cause: 'ENOENT' }) });
  expect(describeError(error)).toBe('not read: no such file: ENOENT');
});

const throwing = new Error('x');
Object.defineProperty(throwing, 'message', {
  get() {
    throw new Error('from the getter');
  },
});
const revoked = Proxy.revocable({}, {});
revoked.revoke();

test.each([
  ['an object without a prototype', Object.create(null)],
  ['an error whose message throws', throwing],
  ['a revoked proxy', revoked.proxy],
])('%s is told by its type', (_, thrown) => {
  expect(describeError(thrown)).toBe('object that has no text');
});

test('an error that is its own cause is told a few times', () => {
  const error = new Error('again');
  error.cause = error;
  expect(describeError(error)).toBe(Array<string>(9).fill('again').join(': '));
});

test('what is long is cut', () => {
  expect(describeError('x'.repeat(2_000))).toHaveLength(1_000);
});
