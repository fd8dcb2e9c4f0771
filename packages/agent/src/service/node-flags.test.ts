import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { nodeFlags } from './node-flags.ts';

const textOf = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');

test('the program starts Node.js as its service does', () => {
  const [first] = textOf('../main.ts').split('\n');
  expect(first).toBe(`#!/usr/bin/env -S node ${nodeFlags.join(' ')}`);
});

test('services of macOS and Windows are described with the same flags', () => {
  const guide = textOf('../../../../docs/guides/install-agent.md');
  expect(guide).toContain(nodeFlags.map((flag) => `      <string>${flag}</string>\n`).join(''));
  expect(guide).toContain(`<arguments>${nodeFlags.join(' ')} "`);
});
