import { expect, test } from 'vitest';
import { fixtureHosts, openPlugin } from '../testing.ts';
import { disk } from './disk.ts';

function hostWith(mounts: string) {
  const [captured] = fixtureHosts(new URL('testdata/mounts/', import.meta.url));
  if (captured === undefined) throw new Error('no captured files');
  return { ...captured, readProc: () => mounts };
}

test('of thousands of file systems those mounted first are measured, and the log names the limit', async () => {
  let asked = 0;
  const host = hostWith(
    Array.from({ length: 5000 }, (_, disks) => `/dev/sd${disks} /data/${disks} ext4 rw 0 0\n`).join(''),
  );
  const plugin = openPlugin(
    disk,
    {},
    {
      ...host,
      fileSystem(mount) {
        asked++;
        return host.fileSystem(mount);
      },
    },
  );
  await plugin.scrape();
  const samples = await plugin.scrape();
  expect(Object.keys(samples).filter((name) => name.startsWith('disk_used_ratio'))).toHaveLength(100);
  expect(asked).toBe(200);
  expect(plugin.warnings).toEqual(['more file systems than maxMounts (100); the first left out is /data/100']);
});

test('places with hostile or endless names are measured like others', async () => {
  const { scrape, warnings } = openPlugin(
    disk,
    {},
    hostWith(`/dev/sda /a\\012"b\\134\\303\\274\\377 ext4 rw 0 0\n/dev/sdb /${'long/'.repeat(500)} ext4 rw 0 0\n`),
  );
  const places = Object.keys(await scrape()).filter((name) => name.startsWith('disk_total_bytes'));
  expect(places[0]).toBe('disk_total_bytes{device="/dev/sda",mount="/a\uFFFD\\"b\\\\ü\uFFFD"}');
  expect(places[1]).toMatch(/^disk_total_bytes\{device="\/dev\/sdb",mount="\/(?:long\/)+l?o?n?g?…"\}$/u);
  expect(warnings).toEqual([]);
});

test('a file system that does not answer hides no other, and is asked again only once it has', async () => {
  const host = hostWith('/dev/sda / ext4 rw 0 0\nnas:/home /home nfs4 rw 0 0\n/dev/sdb /data ext4 rw 0 0\n');
  let answer = (): void => {};
  let asked = 0;
  const plugin = openPlugin(
    disk,
    {},
    {
      ...host,
      async fileSystem(mount) {
        if (mount === '/home' && asked++ === 0) await new Promise<void>((resolve) => (answer = resolve));
        return host.fileSystem(mount);
      },
    },
  );
  const places = async (): Promise<string[]> =>
    Object.keys(await plugin.scrape()).flatMap((name) => /^disk_used_ratio.*mount="(.*)"/u.exec(name)?.[1] ?? []);
  expect(await places()).toEqual(['/', '/data']);
  expect(await places()).toEqual(['/', '/data']);
  expect(asked).toBe(1);
  answer();
  await expect.poll(places).toEqual(['/', '/data', '/home']);
  expect(plugin.warnings).toEqual(['/home does not answer; it is left out until it does']);
});
