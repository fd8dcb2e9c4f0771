import { encodeSchema } from '@tarsier/protocol';
import { expect, test } from 'vitest';
import { createRegistration } from './registration.ts';

const schema = encodeSchema({
  metrics: [{ name: 'up', kind: 'gauge', unit: '', help: '' }],
  series: [{ metric: 0, labels: {} }],
});

test('while the database is away many new hosts are told so at once, not one after the other', async () => {
  let asked = 0;
  const register = createRegistration(
    {
      async begin() {
        asked++;
        throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
      },
    },
    Date.now,
    1_000,
  );
  const scope = { tenantId: 1, tenant: 'default' };
  const hosts = Array.from({ length: 50 }, (_, nth) => register(scope, `host-${nth}`, new Uint8Array(16), schema));
  const ends = await Promise.allSettled(hosts);
  expect(ends.every(({ status }) => status === 'rejected')).toBe(true);
  expect(asked).toBe(1);
});
