import { expect, test } from 'vitest';
import { createStrayLog } from './stray-log.ts';
import { recordingLog } from './testing.ts';

test('the same failure with another port or time is told once, and each one is counted', () => {
  const { log, lines } = recordingLog();
  const strays = createStrayLog(log);
  for (let port = 40_000; port < 40_250; port++) strays.take(new Error(`connect ECONNREFUSED 127.0.0.1:${port}`));
  strays.take(new Error('something else'));
  expect(lines).toEqual([
    expect.stringContaining('why="connect ECONNREFUSED 127.0.0.1:40000"'),
    expect.stringContaining('why="something else"'),
  ]);
  expect(strays.count).toBe(251);
});

test('after a hundred that differ one last line says that no more are told', () => {
  const { log, lines } = recordingLog();
  const strays = createStrayLog(log);
  for (let one = 0; one < 150; one++) strays.take(new Error('x'.repeat(one + 1)));
  expect(lines).toHaveLength(101);
  expect(lines.at(-1)).toContain('no more are told; agent_stray_errors_total counts them');
  expect(strays.count).toBe(150);
});

test('whatever was thrown is told: an object without a prototype, an error whose stack is no text or throws', () => {
  const { log, lines } = recordingLog();
  const strays = createStrayLog(log);
  const numbered = Object.assign(new Error('numbered'), { stack: 7 });
  const throwing = Object.defineProperty(new Error('throwing'), 'stack', {
    get() {
      throw new Error('from the getter');
    },
  });
  for (const thrown of [Object.create(null), numbered, throwing]) strays.take(thrown);
  expect(lines).toEqual([
    expect.stringContaining('why="object that has no text" at="unknown"'),
    expect.stringContaining('why="numbered" at="unknown"'),
    expect.stringContaining('why="throwing" at="unknown"'),
  ]);
});
