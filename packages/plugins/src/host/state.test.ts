import { expect, test } from 'vitest';
import { createState } from './state.ts';

// Only Linux has /proc, which says of each new folder that there is no such one.
if (process.platform === 'linux')
  test('a folder below /proc is refused, and not tried for ever', async () => {
    await expect(createState('/proc/tarsier/state').write('log', '{}')).rejects.toThrow('ENOENT');
  });
