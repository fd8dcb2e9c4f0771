import { expect, test } from 'vitest';
import type { Storage } from '../storage/storage.ts';
import { createPolicySweep } from './policy-sweep.ts';

test('of a thousand tenants those are read anew of which something has changed, and the others cost nothing', async () => {
  const tenants = Array.from({ length: 1_000 }, (_, tenantId) => ({ tenantId, tenant: `t${tenantId}` }));
  const marks = new Map(tenants.map(({ tenantId }) => [tenantId, 'a']));
  // One that has no rules, routes or channels has no mark.
  marks.delete(7);
  let statements = 0;
  const alertPolicies: Pick<Storage['alertPolicies'], 'marks'> = {
    async marks() {
      statements++;
      return new Map(marks);
    },
  };
  const read: number[] = [];
  const { reading, sweep } = createPolicySweep({
    storage: { alertPolicies },
    reload: async ({ tenantId }) => void read.push(tenantId),
  });
  for (const scope of tenants) await reading(scope);
  statements = 0;
  await sweep(tenants);
  expect([read, statements]).toEqual([[], 1]);
  marks.set(3, 'b').set(7, 'new').delete(9);
  await sweep(tenants);
  expect(read).toEqual([3, 7, 9]);
  await sweep(tenants);
  expect([read.length, statements]).toEqual([3, 3]);
  // One that was not taken over yet is read.
  await sweep([{ tenantId: 2_000, tenant: 'late' }]);
  expect(read.at(-1)).toBe(2_000);
});
