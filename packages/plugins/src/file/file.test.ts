import { mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createHost } from '../host/host.ts';
import { temporaryFolder } from '../testing-servers.ts';
import { openPlugin } from '../testing.ts';
import { file } from './file.ts';

const clock = Date.UTC(2026, 0, 2);

/** A folder, a function that writes a file so many seconds ago, and the plugin at a time that stands still. */
function setUp() {
  const folder = temporaryFolder();
  const host = { ...createHost(), clock: () => clock };
  return {
    folder,
    write(name: string, content: string, secondsAgo = 0): string {
      const path = join(folder, name);
      writeFileSync(path, content);
      const time = new Date(clock - secondsAgo * 1000);
      utimesSync(path, time, time);
      return path;
    },
    open: (targets: object[], config: object = {}) => openPlugin(file, { ...config, targets }, host),
  };
}

test('a file has a size and an age; one that is not there is said to be so', async () => {
  const { write, folder, open } = setUp();
  const targets = [
    { name: 'backup', path: write('backup.tar', '12345', 3600) },
    { name: 'ahead', path: write('ahead', '', -30) },
    { name: 'missing', path: join(folder, 'missing') },
  ];
  const { scrape, warnings } = open(targets);
  expect(await scrape()).toEqual({
    'file_exists{name="backup"}': 1,
    'file_size_bytes{name="backup"}': 5,
    'file_age_seconds{name="backup"}': 3600,
    'file_exists{name="ahead"}': 1,
    'file_size_bytes{name="ahead"}': 0,
    'file_age_seconds{name="ahead"}': 0,
    'file_exists{name="missing"}': 0,
  });
  expect(warnings).toEqual([]);
});

test('changes of the contents are counted, touching the file is none', async () => {
  const { write, open } = setUp();
  const path = write('passwd', 'root', 100);
  const { scrape } = open([{ name: 'it', path, checksum: true }]);
  const changes = async () => (await scrape())['file_changes_total{name="it"}'];
  expect(await changes()).toBe(0);
  write('passwd', 'root', 50);
  expect(await changes()).toBe(0);
  write('passwd', 'evil', 20);
  expect(await changes()).toBe(1);
  rmSync(path);
  expect(await changes()).toBeUndefined();
  write('passwd', 'root', 10);
  expect(await changes()).toBe(2);
});

test('a folder has files, a size, an oldest and a newest one', async () => {
  const { folder, write, open } = setUp();
  mkdirSync(join(folder, 'in', 'deep'), { recursive: true });
  write('in/a.csv', '123', 500);
  write('in/deep/b.csv', '12345', 40);
  write('in/notes.txt', 'not asked for', 9_999);
  // Neither a loop nor a way out.
  symlinkSync(folder, join(folder, 'in', 'loop'));
  symlinkSync(join(folder, 'nowhere'), join(folder, 'in', 'broken.csv'));
  const { scrape, warnings } = open([{ name: 'queue', path: join(folder, 'in'), files: '*.csv' }]);
  expect(await scrape()).toEqual({
    'file_exists{name="queue"}': 1,
    'file_folder_files{name="queue"}': 2,
    'file_size_bytes{name="queue"}': 8,
    'file_folder_complete{name="queue"}': 1,
    'file_folder_oldest_seconds{name="queue"}': 500,
    'file_folder_newest_seconds{name="queue"}': 40,
  });
  expect(warnings).toEqual([]);
});

test('an empty folder has no ages, and folders in it may be left out', async () => {
  const { folder, write, open } = setUp();
  mkdirSync(join(folder, 'deep'));
  write('deep/a', '1');
  const { scrape } = open([{ name: 'top', path: folder, recursive: false }]);
  expect(await scrape()).toEqual({
    'file_exists{name="top"}': 1,
    'file_folder_files{name="top"}': 0,
    'file_size_bytes{name="top"}': 0,
    'file_folder_complete{name="top"}': 1,
  });
});

test('the walk through a huge folder ends, and says that it did not see all', async () => {
  const { folder, write, open } = setUp();
  for (let index = 0; index < 30; index++) write(`${index}`, '');
  const { scrape } = open([{ name: 'it', path: folder, maxFiles: 10 }]);
  expect(await scrape()).toMatchObject({ 'file_folder_files{name="it"}': 10, 'file_folder_complete{name="it"}': 0 });
});
