import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createLog } from './log.ts';
import { secretsLogged } from './testing-logged.ts';

const folder = mkdtempSync(join(tmpdir(), 'tarsier-logged-'));
afterAll(() => rmSync(folder, { recursive: true }));

const note = (name: string, lines: readonly string[]): void =>
  appendFileSync(join(folder, name), `${lines.join('\n')}\n`);

test('a secret in a log is found, whatever stands around it, and is not shown again', () => {
  const secrets = [
    'tsr_ofNobody_1234567',
    'long enough to be a password',
    'eyJhbGciOi.eyJzdWIi.c2lnbmF0dXJl',
    'N0tWritten_anywhere1',
  ];
  note(
    'secret-1',
    secrets.map((secret) => JSON.stringify(secret)),
  );
  note('log-1', [
    '2026-11-30T20:00:00.000Z info  serving url=http://127.0.0.1:7077/?code=tsr_ofNobody_1234567&x=1',
    '{"message":"password \\"long enough to be a password\\" is wrong"}',
    'Bearer eyJhbGciOi.eyJzdWIi.c2lnbmF0dXJl',
    'tsr_ofNobody_12345678 is another one',
  ]);
  expect(secretsLogged(folder)).toEqual({
    lines: 4,
    secrets: 4,
    found: [
      '2026-11-30T20:00:00.000Z info  serving url=http://127.0.0.1:7077/?code=(the secret)&x=1',
      '{"message":"password \\"(the secret)\\" is wrong"}',
      'Bearer (the secret)',
    ],
  });
});

test('a log hides what looks like a secret, whoever hands it in', () => {
  const lines: string[] = [];
  const log = createLog({ level: 'debug', write: (line) => lines.push(line) });
  log.warn('refused Bearer tsr_ofNobody_1234567', {
    url: 'https://hook.example/?token=abc',
    to: 'https://a:b@c.example',
  });
  expect(lines.join()).not.toMatch(/ofNobody|abc|a:b@/u);
});
