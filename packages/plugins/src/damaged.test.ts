import { existsSync, readdirSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Host } from './host/host.ts';
import { builtinPlugins } from './registry.ts';
import { fixtureHosts, openPlugin, type OpenPlugin } from './testing.ts';

/** What a file then holds; undefined when it can't be read. */
type Damage = (text: string) => string | undefined;

const whole: Damage = (text) => text;

/** Plugins with captured files of /proc or /sys, and one case of each. */
const cases = builtinPlugins.flatMap((plugin) => {
  const folder = new URL(`./${plugin.name}/testdata/`, import.meta.url);
  const names = existsSync(folder) ? readdirSync(folder).toSorted() : [];
  const [first] = names.filter((name) => existsSync(new URL(`${name}/proc/`, folder)));
  return first === undefined ? [] : [{ name: plugin.name, plugin, folder: new URL(`${first}/`, folder) }];
});

/** The captured host, with all that is read of /proc and /sys damaged, as that is at the time. A second passes each time. */
function damagedHost(folder: URL): { readonly host: Host; become(damage: Damage): void } {
  const [captured] = fixtureHosts(folder);
  if (captured === undefined) throw new Error(`${folder.pathname}: no captured files`);
  let damage = whole;
  let now = 0;
  const damaged = (text: string | undefined): string | undefined => (text === undefined ? undefined : damage(text));
  const host: Host = {
    ...captured,
    now: () => now,
    readProc(path) {
      const text = damaged(captured.readProc(path));
      if (text === undefined) throw new Error(`EACCES: permission denied, open '/proc/${path}'`);
      return text;
    },
    readProcBytes(path) {
      const bytes = captured.readProcBytes(path);
      const text = damaged(bytes && Buffer.from(bytes).toString('latin1'));
      return text === undefined ? undefined : Buffer.from(text, 'latin1');
    },
    readProcIfThere: (path) => damaged(captured.readProcIfThere(path)),
    readOnce: (path) => damaged(captured.readOnce(path)),
    readSys: (path) => damaged(captured.readSys(path)),
    readSysOnce: (path) => damaged(captured.readSysOnce(path)),
    readSysSlowly: async (path) => damaged(await captured.readSysSlowly(path)),
  };
  return {
    host,
    become(next) {
      damage = next;
      now += 60_000;
    },
  };
}

/** Of a scrape: its samples, or the sentence that it failed with. A fault of the plugin's own code is neither. */
async function outcome(opened: OpenPlugin): Promise<Readonly<Record<string, number>> | string> {
  try {
    return await opened.scrape();
  } catch (error) {
    for (const fault of [TypeError, RangeError, ReferenceError, SyntaxError]) expect(error).not.toBeInstanceOf(fault);
    return error instanceof Error ? error.message : '';
  }
}

/** Every read of a plugin, damaged in one of these ways. */
const damages = fc.oneof(
  fc.constant<Damage>(() => undefined),
  fc.constant<Damage>(() => ''),
  fc.double({ min: 0, max: 1, noNaN: true }).map<Damage>((share) => (text) => text.slice(0, text.length * share)),
  fc.double({ min: 0, max: 1, noNaN: true }).map<Damage>((share) => (text) => text.slice(text.length * share)),
  fc
    .constantFrom('-1', '0', '', 'NaN', 'nan', '18446744073709551615', '9'.repeat(400), 'x', '\0', '-')
    .map<Damage>((number) => (text) => text.replaceAll(/\d+/gu, number)),
  fc.string({ unit: 'binary-ascii', maxLength: 200 }).map<Damage>((noise) => () => noise),
  fc.constant<Damage>((text) => text.replaceAll(/\s/gu, '\n')),
  fc.constant<Damage>((text) => text.repeat(3)),
);

test.each(cases)(
  // What had begun to measure before goes on to, once it can read again.
  'whatever /proc and /sys say to $name, it says what is wrong or measures what makes sense, and recovers',
  { timeout: 60_000 },
  async ({ plugin, folder }) => {
    const { host, become } = damagedHost(folder);
    const sound = openPlugin(plugin, {}, host);
    become(whole);
    await sound.scrape();
    become(whole);
    const expected = Object.keys(await sound.scrape()).toSorted();
    await fc.assert(
      fc.asyncProperty(damages, fc.boolean(), async (damage, before) => {
        const opened = openPlugin(plugin, {}, host);
        if (before) {
          become(whole);
          await outcome(opened);
        }
        for (let time = 0; time < 2; time++) {
          become(damage);
          const samples = await outcome(opened);
          expect(samples).not.toBe('');
          for (const [series, value] of Object.entries(typeof samples === 'string' ? {} : samples)) {
            if (!/_ratio(?:\{|$)/u.test(series)) continue;
            expect(value, series).toBeGreaterThanOrEqual(0);
            expect(value, series).toBeLessThanOrEqual(1);
          }
        }
        if (!before) return;
        become(whole);
        await outcome(opened);
        become(whole);
        const recovered = await outcome(opened);
        expect(Object.keys(recovered)).toEqual(expect.arrayContaining(expected));
        await opened.close();
      }),
      { numRuns: 25 },
    );
    host.close();
  },
);
