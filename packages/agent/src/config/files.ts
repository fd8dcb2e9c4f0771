/** Where the settings are, and reading all that belongs to them. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Plugin } from '@tarsier/plugins';
import { builtinPlugins } from '@tarsier/plugins/builtin';
import { describeError, TarsierError } from '@tarsier/protocol';
import type { Program } from '../command.ts';
import { checkConfig, pluginModulesIn, type CheckedConfig, type ConfigSource } from './config.ts';
import { enrolmentFile, readEnrolment } from '../enrolment/enrolment.ts';
import { isolatePlugin } from '../external/isolate.ts';
import { loadPlugins, type ExternalPlugin } from '../external/load.ts';

type Place = Pick<Program, 'environment' | 'platform' | 'uid' | 'home'>;

export interface ReadConfig extends CheckedConfig {
  /** The file that was read, if there was one. */
  readonly file: string | undefined;
  readonly plugins: readonly Plugin[];
  /** Everything whose change may change the settings, whether it is there or not. */
  readonly watched: readonly string[];
}

/** Where a settings file is looked for, the first one that is there counts. */
export function configPlaces({ environment, platform, home }: Place): readonly string[] {
  if (platform === 'win32') return [join(environment['ProgramData'] ?? 'C:\\ProgramData', 'Tarsier', 'agent.yaml')];
  return [
    '/etc/tarsier/agent.yaml',
    join(environment['XDG_CONFIG_HOME'] ?? join(home, '.config'), 'tarsier', 'agent.yaml'),
  ];
}

/** Where key, spool and socket are kept unless the settings say otherwise. */
export function defaultStateFolder({ environment, platform, uid, home }: Place): string {
  // systemd may give several, with colons in between.
  const [given] = (environment['STATE_DIRECTORY'] ?? '').split(':');
  if (given !== undefined && given !== '') return given;
  if (platform === 'win32') return join(environment['ProgramData'] ?? 'C:\\ProgramData', 'Tarsier', 'agent');
  if (uid === 0) return platform === 'darwin' ? '/var/db/tarsier-agent' : '/var/lib/tarsier-agent';
  return join(environment['XDG_STATE_HOME'] ?? join(home, '.local', 'state'), 'tarsier-agent');
}

/**
 * Reads the settings file, what it refers to, the plugins that it names, the environment, and what enrolment left.
 *
 * @throws {TarsierError} `config/file` when the file can't be read, `enrolment/file`
 */
export type ConfigReader = () => Promise<ReadConfig>;

/**
 * @param explicit  the file of `--config`
 * @param needsKey  whether settings without a key are a problem
 */
export function createConfigReader(
  place: Place,
  { explicit, needsKey = true }: { readonly explicit?: string | undefined; readonly needsKey?: boolean },
): ConfigReader {
  /** A plugin that is the same at the next reading is the same object: it is not begun anew. */
  const isolated = new Map<Plugin, Plugin>();

  return async () => {
    const candidates = explicit === undefined ? configPlaces(place) : [resolve(explicit)];
    const path = explicit === undefined ? candidates.find((candidate) => existsSync(candidate)) : candidates[0];
    const file = path === undefined ? undefined : { path, text: readSettings(path) };
    const folder = resolve(path === undefined ? '.' : dirname(path));
    const stateFolders = new Set<string>();
    const source: ConfigSource = {
      file,
      environment: place.environment,
      stateFolder: defaultStateFolder(place),
      needsKey,
      enrolment(state) {
        stateFolders.add(state);
        try {
          return readEnrolment(state);
        } catch (error) {
          // Who needs no key may well be someone who may not see it.
          if (needsKey) throw error;
          return undefined;
        }
      },
      readFile: (name) => readFileSync(resolve(folder, name), 'utf8'),
    };
    const loaded = new Map<string, readonly ExternalPlugin[] | Error>();
    for (const name of pluginModulesIn(source)) loaded.set(name, await tryToLoad(name, folder));
    const external = [...loaded.values()].flatMap((found) => (found instanceof Error ? [] : found));
    const modules = new Map(
      [...loaded].map(([name, found]) => [name, found instanceof Error ? found : found.map(({ plugin }) => plugin)]),
    );
    const checked = checkConfig({ ...source, modules });

    function asSet({ plugin, url }: ExternalPlugin): Plugin {
      if (checked.config?.isolate.includes(plugin.name) !== true) return plugin;
      // Ticks do not wait for it: a thread takes a second to begin, more than a plugin has otherwise.
      const known = isolated.get(plugin) ?? { ...isolatePlugin({ plugin, url }, folder), background: true };
      isolated.set(plugin, known);
      return known;
    }

    const paths = [...loaded.keys()].filter((name) => !name.startsWith('@') && /[\\/]/u.test(name));
    return {
      ...checked,
      file: path,
      plugins: [...builtinPlugins, ...external.map(asSet)],
      watched: [
        ...candidates,
        ...[...checked.files, ...paths].map((name) => resolve(folder, name)),
        ...[...stateFolders].map(enrolmentFile),
      ],
    };
  };
}

async function tryToLoad(name: string, folder: string): Promise<readonly ExternalPlugin[] | Error> {
  try {
    return await loadPlugins(name, folder);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function readSettings(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new TarsierError('config/file', `${path}: the settings can not be read: ${describeError(cause)}`, { cause });
  }
}
