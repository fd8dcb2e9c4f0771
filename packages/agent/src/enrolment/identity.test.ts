import { expect, test } from 'vitest';
import { assignedIdentity, differenceBetween, machineIdentity } from './identity.ts';

const board = '/sys/class/dmi/id/product_uuid';
const tag = '/sys/class/dmi/id/board_asset_tag';
const system = '/etc/machine-id';
const uuid = '4C4C4544-0042-3510-8058-B4C04F4D4E32';
const machineId = '3d1219c7c4c5404aaa1f6d2a48adfda4';

const identityOf = (files: Record<string, string>, environment: Record<string, string> = {}) =>
  machineIdentity({ environment, readFile: (path) => files[path] });

test('a machine is known by its board, its number at the provider and its system, and none of them is told', () => {
  const identity = identityOf({ [board]: `${uuid}\n`, [tag]: 'i-0abcdef1234567890\n', [system]: `${machineId}\n` });
  expect(Object.keys(identity)).toEqual(['dmi', 'cloud', 'machine']);
  for (const hash of Object.values(identity)) expect(hash).toMatch(/^[0-9a-f]{64}$/u);
  expect(identityOf({ [board]: uuid.toLowerCase() }).dmi).toBe(identity.dmi);
});

test.each([
  ['a board whose maker left it blank', { [board]: '00000000-0000-0000-0000-000000000000' }],
  ['a board with words instead', { [board]: 'Not Settable' }],
  ['an instance id that many have', { '/var/lib/cloud/data/instance-id': 'iid-local01' }],
  ['a system that is not set up yet', { [system]: 'uninitialized\n' }],
])('%s says nothing', (_, files) => {
  expect(identityOf(files)).toEqual({});
});

test('a container is not taken for the machine below it', () => {
  expect(Object.keys(identityOf({ [board]: uuid, [system]: machineId, '/.dockerenv': '' }))).toEqual(['machine']);
  expect(identityOf({ [board]: uuid }, { KUBERNETES_SERVICE_HOST: '10.0.0.1' })).toEqual({});
  const node = identityOf({ [board]: uuid }, { KUBERNETES_SERVICE_HOST: '10.0.0.1', TARSIER_MACHINE_ID: 'node-7' });
  expect(Object.keys(node)).toEqual(['assigned']);
});

test('a service that may not read the board gets it handed by systemd', () => {
  const handed = identityOf(
    { '/run/credentials/x/product_uuid': uuid },
    { CREDENTIALS_DIRECTORY: '/run/credentials/x' },
  );
  expect(handed.dmi).toBe(identityOf({ [board]: uuid }).dmi);
});

test('the surest thing that both say decides whether two are one', () => {
  const original = identityOf({ [board]: uuid, [system]: machineId });
  expect(
    differenceBetween(original, identityOf({ [board]: uuid, [system]: machineId.replace('3', '4') })),
  ).toBeUndefined();
  expect(differenceBetween(original, identityOf({ [board]: uuid.replace('4', '5'), [system]: machineId }))).toBe('dmi');
  expect(differenceBetween(original, identityOf({ [system]: machineId.replace('3', '4') }))).toBe('machine');
  expect(differenceBetween(original, {})).toBeUndefined();
  expect(assignedIdentity()).not.toEqual(assignedIdentity());
});
