import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { nodeFlags } from './node-flags.ts';
import { closedToOthers, removeService, unitFile, writeService } from './service-files.ts';
import { systemdUnit } from './systemd-unit.ts';

function temporaryFolder(): string {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'tarsier-service-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  chmodSync(folder, 0o755);
  return folder;
}

/** Settings of a unit, by name; those that stand twice as a list. */
function settingsOf(unit: string): Map<string, string[]> {
  const settings = new Map<string, string[]>();
  for (const line of unit.split('\n')) {
    const [, name, value] = /^(\w+)=(.*)$/u.exec(line) ?? [];
    if (name !== undefined && value !== undefined) settings.set(name, [...(settings.get(name) ?? []), value]);
  }
  return settings;
}

test('a service is written, starts with the host, is replaced by a newer one, and is removed without a trace', () => {
  const root = temporaryFolder();
  const options = { executable: '/usr/bin/node', script: '/opt/tarsier/main.js' };
  writeService(root, 'an older one');
  writeService(root, systemdUnit(options));
  const link = join(root, 'etc/systemd/system/multi-user.target.wants/tarsier-agent.service');
  expect(readFileSync(link, 'utf8')).toBe(readFileSync(unitFile(root), 'utf8'));
  expect(settingsOf(readFileSync(link, 'utf8')).get('ExecStart')).toEqual([
    `/usr/bin/node ${nodeFlags.join(' ')} /opt/tarsier/main.js run`,
  ]);
  removeService(root);
  expect([existsSync(unitFile(root)), existsSync(link)]).toEqual([false, false]);
  expect(() => removeService(root)).toThrow(`there is no service: ${unitFile(root)} is not there`);
});

test('the service has no privileges, and a signal has it read its settings again', () => {
  const settings = settingsOf(systemdUnit({ executable: '/usr/bin/node', script: '/opt/main.js' }));
  expect(settings.get('CapabilityBoundingSet')).toEqual(['']);
  expect(settings.get('NoNewPrivileges')).toEqual(['yes']);
  expect(settings.get('DynamicUser')).toEqual(['yes']);
  expect(settings.get('ProtectSystem')).toEqual(['strict']);
  expect(settings.get('ExecReload')).toEqual(['/bin/kill -HUP $MAINPID']);
  expect(settings.has('LoadCredential')).toBe(false);
});

test('paths with spaces, percent and dollar signs stay what they are', () => {
  const unit = systemdUnit({
    executable: '/opt/my node/node',
    script: '/opt/50%/$agent.js',
    config: '/etc/a "b".yaml',
    boardFile: '/sys/class/dmi/id/product_uuid',
  });
  expect(settingsOf(unit).get('ExecStart')).toEqual([
    `"/opt/my node/node" ${nodeFlags.join(' ')} ` + String.raw`"/opt/50%%/$$agent.js" run --config "/etc/a \"b\".yaml"`,
  ]);
  expect(settingsOf(unit).get('LoadCredential')).toEqual(['product_uuid:/sys/class/dmi/id/product_uuid']);
});

test('what the service could not read is found before it fails to start', () => {
  const folder = temporaryFolder();
  const file = join(folder, 'open', 'main.js');
  mkdirSync(join(folder, 'open'));
  writeFileSync(file, '');
  chmodSync(join(folder, 'open'), 0o755);
  chmodSync(file, 0o644);
  // Where the tests' own folder is closed nothing in it is open; the cases below are then beyond what can be told.
  const outside = closedToOthers(file);
  chmodSync(file, 0o600);
  expect(closedToOthers(file)).toBe(outside ?? file);
  chmodSync(join(folder, 'open'), 0o700);
  expect(closedToOthers(file)).toBe(outside ?? join(folder, 'open'));
});
