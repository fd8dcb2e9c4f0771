import { expect, test } from 'vitest';
import { createLog } from '../log.ts';
import { createNews } from './news.ts';

const acme = { tenantId: 1, tenant: 'acme' };

test('what was saved just before a stop is told while there is a database, and nothing is told after it', async () => {
  const told: object[] = [];
  const warnings: string[] = [];
  let open = true;
  const bus = {
    async tell(message: object) {
      await Promise.resolve();
      if (!open) throw new Error('CONNECTION_ENDED');
      told.push(message);
    },
  };
  const news = createNews({ bus, log: createLog({ level: 'warn', write: (line) => warnings.push(line) }) });
  news.saved(acme, 'alerts', 'a');
  news.saved(acme, 'incidents', 'i');
  await news.flush();
  open = false;
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(told).toMatchObject([
    { what: 'alerts', ids: ['a'] },
    { what: 'incidents', ids: ['i'] },
  ]);
  expect(warnings).toEqual([]);
});
