import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { nodeFlags } from './node-flags.ts';

test('the program starts Node.js as its service does', () => {
  const [first] = readFileSync(new URL('../main.ts', import.meta.url), 'utf8').split('\n');
  expect(first).toBe(`#!/usr/bin/env -S node ${nodeFlags.join(' ')}`);
});
