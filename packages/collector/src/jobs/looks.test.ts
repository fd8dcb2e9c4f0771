import { expect, test } from 'vitest';
import { createLooks } from './looks.ts';

test('a look that fails takes away neither what was known before it nor what a later one found', async () => {
  const time = { ms: 0 };
  const looks = createLooks<string, number>(() => time.ms, { fresh: 100, most: 10_000 });
  const never = async (): Promise<number> => {
    throw new Error('nobody asked for another look');
  };
  const fails = Promise.withResolvers<number>();
  await looks.look('a', async () => 1);
  const slow = looks.look('a', () => fails.promise);
  await looks.look('a', async () => 2);
  fails.reject(new Error('the database is away'));
  await expect(slow).rejects.toThrow('away');
  expect(await looks.recent('a', never)).toBe(2);

  await expect(looks.look('a', never)).rejects.toThrow('nobody');
  expect(await looks.recent('a', never)).toBe(2);
});
