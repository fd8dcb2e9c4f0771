import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { loadConfig } from '../config.ts';
import type { Storage } from '../storage/storage.ts';
import { createTestStorage } from '../storage/testing.ts';
import { operatorCommands, type OperatorArguments } from './operator-commands.ts';

const source = await createTestStorage();
const folder = await mkdtemp(join(tmpdir(), 'tarsier-backup-'));
afterAll(async () => {
  await source.drop();
  await rm(folder, { recursive: true });
});
const scope = await source.storage.tenants.ensure('default');
await source.storage.ensurePartitions(Date.now());

function run(command: string, args: OperatorArguments = {}, storage: Storage = source.storage) {
  const { stdin, stdout } = process;
  const config = loadConfig({ TARSIER_DATA: folder });
  return operatorCommands[command]?.(args, { storage, config, now: Date.now, stdin, stdout });
}

test('a backup is a file that is whole, and is restored by the other command', async () => {
  const to = join(folder, 'one.backup');
  expect(await run('backup', { to })).toMatchObject({
    ok: true,
    text: expect.stringMatching(/^\d+ rows of \d+ tables in /u),
  });
  expect(await readdir(folder)).toEqual(['one.backup']);
  const target = await createTestStorage();
  expect(await run('restore', { from: to }, target.storage)).toMatchObject({ ok: true });
  expect(await target.storage.tenants.find('default')).toEqual(scope);
  await expect(run('restore', { from: join(folder, 'none') }, target.storage)).rejects.toMatchObject({
    code: 'backup/not-empty',
  });
  await target.drop();
  await expect(run('backup', {})).rejects.toMatchObject({ code: 'usage/file' });
});

test('doctor and audit verify say what is well and what is not', async () => {
  const change = {
    at: 1,
    actor: { kind: 'command', name: 'ann' },
    action: 'x',
    target: '',
    from: '',
    requestId: '',
    before: null,
    after: null,
  } as const;
  await source.storage.audit.append(scope, change);
  expect(await run('audit verify')).toMatchObject({
    ok: true,
    text: expect.stringMatching(/^ok    default: 1 entries, head [0-9a-f]{64}\n$/u),
  });
  const well = await run('doctor');
  expect(well?.text).toContain('ok    the database answers\n');
  expect(well?.text).toContain('ok    there is room for the samples of today and tomorrow\n');
  await source.sql`update audit set body = '{}'`;
  expect(await run('audit verify')).toEqual({
    ok: false,
    text: 'FAULT default: entry 1 was altered; the 0 before it are as they were written\n',
  });
  expect(await run('doctor')).toMatchObject({
    ok: false,
    text: expect.stringContaining('FAULT no entry of the audit log was altered'),
  });
});
