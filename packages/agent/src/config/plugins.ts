/** What the settings say of plugins: by name or by module, in a map or in a list. */
import type { Plugin } from '@tarsier/plugins';
import { describeError } from '@tarsier/protocol';
import type { ConfigDocument, ConfigProblem, Path } from './document.ts';
import { came, issueProblems, type Locate } from './issues.ts';
import { jsonSchemaOf, unknownNames } from './json-schema.ts';
import { isPluginSpecifier } from '../external/load.ts';
import { didYouMean, meantOrKnown } from './nearest.ts';

/** Settings by plugin; `false` leaves one out. */
export type PluginOptions = Readonly<Record<string, false | Readonly<Record<string, unknown>>>>;

/** By the name of a package or the path of a file: the plugins in there, or why they can't be had. */
export type PluginModules = ReadonlyMap<string, readonly Plugin[] | Error>;

interface PluginEntry {
  /** Of a plugin, or of a module. */
  readonly name: string;
  /** `undefined` where only the name is given. */
  readonly options: unknown;
  readonly path: Path;
}

export interface CheckedPlugins {
  readonly settings: PluginOptions;
  readonly problems: readonly ConfigProblem[];
  /** Those of the modules. */
  readonly external: readonly Plugin[];
}

/** The plugins that measure the agent itself: nothing to set, but they may be left out. */
const ownPlugins = ['agent', 'agent_plugins'];

/** @param written  a map by name, or a list of names and of maps by name; nothing of another shape */
export function pluginEntries(written: unknown): readonly PluginEntry[] {
  const inMap = (map: object, path: Path): PluginEntry[] =>
    Object.entries(map).map(([name, options]) => ({ name, options, path: [...path, name] }));
  if (!Array.isArray(written))
    return typeof written === 'object' && written !== null ? inMap(written, ['plugins']) : [];
  return written.flatMap((item: unknown, index) => {
    const path = ['plugins', index];
    if (typeof item === 'string') return [{ name: item, options: undefined, path }];
    return typeof item === 'object' && item !== null ? inMap(item, path) : [];
  });
}

export function checkPlugins(
  entries: readonly PluginEntry[],
  {
    plugins,
    modules,
    document,
    problem,
  }: {
    readonly plugins: readonly Plugin[];
    readonly modules: PluginModules;
    readonly document: Pick<ConfigDocument, 'isReferred'>;
    readonly problem: Locate;
  },
): CheckedPlugins {
  const problems: ConfigProblem[] = [];
  const settings: Record<string, PluginOptions[string]> = {};
  const external: Plugin[] = [];

  /** A module's plugins before the others, so that they can be set by their names as well. */
  for (const { name, path } of entries.filter((entry) => isPluginSpecifier(entry.name))) {
    const found = modules.get(name) ?? [];
    if (found instanceof Error) {
      problems.push(problem(path, describeError(found), 'key'));
      continue;
    }
    for (const plugin of found) {
      const twin = [...plugins, ...external].find((other) => other.name === plugin.name);
      if (twin === undefined && !ownPlugins.includes(plugin.name)) external.push(plugin);
      else if (twin !== plugin)
        problems.push(problem(path, `${name}: there is another plugin called ${plugin.name}`, 'key'));
    }
  }

  for (const { name, options, path } of entries) {
    const found = modules.get(name);
    const known = [...plugins, ...external];
    const meant = found === undefined ? known.filter((one) => one.name === name) : found instanceof Error ? [] : found;
    if (found === undefined && meant.length === 0 && !(ownPlugins.includes(name) && options === false)) {
      const names = known.map((one) => one.name);
      problems.push(
        problem(path, `there is no such plugin${didYouMean(name, names)} (tarsier-agent plugins lists them)`, 'key'),
      );
    }
    if (options === false) {
      for (const one of meant.length > 0 ? meant.map((plugin) => plugin.name) : [name]) settings[one] = false;
      continue;
    }
    // `cpu:` with nothing behind it, or `true`, means the defaults.
    const given = options === undefined || options === null || options === true ? {} : options;
    if (typeof given !== 'object' || Array.isArray(given)) {
      const what = came(given, path, document.isReferred(path));
      problems.push(problem(path, `expected settings, or false to leave it out, ${what}`));
      continue;
    }
    for (const plugin of meant) {
      for (const unknown of unknownNames(jsonSchemaOf(plugin.config), given, path)) {
        const suggestion = meantOrKnown(String(unknown.path.at(-1)), unknown.known);
        problems.push(problem(unknown.path, `there is no such option${suggestion}`, 'key'));
      }
      problems.push(...issueProblems(plugin.config.safeParse(given), given, path, document, problem));
      settings[plugin.name] = { ...settings[plugin.name], ...given };
    }
  }
  return { settings, problems, external };
}
