import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { redeem, sign } from './signed-address.ts';

const key = randomBytes(32);
const name = { tenantId: 3, incidentId: 'i"5./é', at: 1_000 };
const token = sign(key, name, 5_000);

test('an address names its picture until it expires, and looks like one in any chat', () => {
  expect(redeem(key, token, 4_999)).toEqual(name);
  expect(redeem(key, token, 5_000)).toBeUndefined();
  expect(token).toMatch(/^[\w-]+\.[\w-]+$/u);
});

test.each([
  ['of another key', () => redeem(randomBytes(32), token, 0)],
  ['without its signature', () => redeem(key, token.split('.')[0] ?? '', 0)],
  ['with a part more', () => redeem(key, `${token}.x`, 0)],
  [
    'of another picture',
    () => redeem(key, `${sign(key, { ...name, tenantId: 4 }, 5_000).split('.')[0]}.${token.split('.')[1]}`, 0),
  ],
  ['that is nothing', () => redeem(key, '', 0)],
])('an address %s does not count', (_, redeemed) => {
  expect(redeemed()).toBeUndefined();
});
