/** Where the settings are, and reading all that belongs to them. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Plugin } from '@tarsier/plugins';
import { builtinPlugins } from '@tarsier/plugins/builtin';
import { describeError, TarsierError } from '@tarsier/protocol';
import type { Program } from './command.ts';
import { checkConfig, type CheckedConfig } from './config.ts';
import { enrolmentFile, readEnrolment } from './enrolment.ts';

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
 * Reads the settings file, what it refers to, the environment, and what enrolment left.
 *
 * @param explicit  the file of `--config`
 * @param needsKey  whether settings without a key are a problem
 * @throws {TarsierError} `config/file` when the file can't be read, `enrolment/file`
 */
export function readConfig(
  place: Place,
  { explicit, needsKey = true }: { readonly explicit?: string | undefined; readonly needsKey?: boolean },
): ReadConfig {
  const candidates = explicit === undefined ? configPlaces(place) : [resolve(explicit)];
  const path = explicit === undefined ? candidates.find((candidate) => existsSync(candidate)) : candidates[0];
  const file = path === undefined ? undefined : { path, text: readSettings(path) };
  const folder = path === undefined ? '.' : dirname(path);
  const stateFolders = new Set<string>();
  const checked = checkConfig({
    file,
    environment: place.environment,
    plugins: builtinPlugins,
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
  });
  return {
    ...checked,
    file: path,
    plugins: builtinPlugins,
    watched: [
      ...candidates,
      ...checked.files.map((name) => resolve(folder, name)),
      ...[...stateFolders].map(enrolmentFile),
    ],
  };
}

function readSettings(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new TarsierError('config/file', `${path}: the settings can not be read: ${describeError(cause)}`, { cause });
  }
}
