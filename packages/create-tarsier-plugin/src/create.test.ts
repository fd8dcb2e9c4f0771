import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createPlugin } from './create.ts';
import { namesOf } from './names.ts';

const versions = {
  '@tarsier/agent': '1.2.3',
  '@tarsier/plugins': '1.2.3',
  '@types/node': '24.0.0',
  typescript: '7.0.0',
  zod: '4.0.0',
};

function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tarsier-create-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

test('every file of a new plugin bears its name, and none a place that was not filled', async () => {
  const parent = emptyFolder();
  const created = await createPlugin('mail-queue', parent, versions);
  expect(created).toMatchObject({ kind: 'created', names: { package: 'tarsier-plugin-mail-queue' } });
  const files = created.kind === 'created' ? created.files : [];
  expect(files).toContain('mail-queue/src/mail-queue.ts');
  expect(files).toContain('mail-queue/testdata/busy/proc/sys/fs/file-nr');
  expect(files).toContain('mail-queue/.gitignore');
  for (const file of files) expect(readFileSync(join(parent, file), 'utf8'), file).not.toMatch(/\{\{|\}\}|NAME/u);
  const manifest: unknown = JSON.parse(readFileSync(join(parent, 'mail-queue/package.json'), 'utf8'));
  expect(manifest).toMatchObject({ dependencies: { '@tarsier/plugins': '^1.2.3' } });
  expect(readFileSync(join(parent, 'mail-queue/src/mail-queue.ts'), 'utf8')).toContain(
    'export const mailQueuePlugin =',
  );
});

test('a folder that is there is left as it is', async () => {
  const parent = emptyFolder();
  await createPlugin('mail', parent, versions);
  const before = readFileSync(join(parent, 'mail/README.md'), 'utf8');
  expect(await createPlugin('mail', parent, versions)).toEqual({
    kind: 'refused',
    why: `${join(parent, 'mail')} is there already; choose another name`,
  });
  expect(readFileSync(join(parent, 'mail/README.md'), 'utf8')).toBe(before);
});

test.each([
  ['mail', 'tarsier-plugin-mail', 'mail', 'mail', 'mail', 'mailPlugin'],
  ['mail-queue', 'tarsier-plugin-mail-queue', 'mail-queue', 'mail-queue', 'mail_queue', 'mailQueuePlugin'],
  ['@acme/tarsier-thing', '@acme/tarsier-thing', 'tarsier-thing', 'thing', 'thing', 'thingPlugin'],
  ['tarsier-plugin-x2', 'tarsier-plugin-x2', 'tarsier-plugin-x2', 'x2', 'x2', 'x2Plugin'],
  ['new', 'tarsier-plugin-new', 'new', 'new', 'new', 'newPlugin'],
])('%s is the package %s in the folder %s', (name, ofPackage, folder, plugin, metrics, identifier) => {
  expect(namesOf(name)).toEqual({ package: ofPackage, folder, plugin, metrics, identifier });
});

test.each(['', 'Mail', '../etc', 'a/b', '@acme', 'mail queue', '9lives', 'tarsier-plugin-', 'é', 'a'.repeat(101)])(
  '%j names no plugin',
  async (name) => {
    expect(await createPlugin(name, emptyFolder(), versions)).toMatchObject({
      kind: 'refused',
      why: expect.stringContaining('expected a name of lower case letters'),
    });
  },
);
