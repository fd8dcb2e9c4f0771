/** Plugins from outside: packages by their names, files by their paths, in JavaScript or TypeScript. */
import { existsSync, statSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { isAbsolute, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { pluginApiVersion, type Plugin } from '@tarsier/plugins';
import { describeValue, TarsierError } from '@tarsier/protocol';
import { definitionFault } from './definition.ts';

export interface ExternalPlugin {
  readonly plugin: Plugin;
  /** Where its module is: for a worker thread to load it again. */
  readonly url: string;
}

/** Oldest contract whose plugins still work: docs/guides/writing-a-plugin.md says how long a version is kept. */
const oldestApiVersion = 1;

/** A plugin of one file, without a node_modules of its own, gets these from the agent. */
const provided = /^(?:@tarsier\/(?:plugins|protocol)|zod)(?:\/|$)/u;

/**
 * Imports what a settings file names and takes the plugins that it exports.
 *
 * @param specifier  a package's name, or a path that begins with `.` or `/`
 * @param folder     where the settings file is: packages and relative paths are looked up from there
 * @throws {TarsierError} `plugin/load`, `plugin/version`, `plugin/definition`, saying what to do
 */
export async function loadPlugins(specifier: string, folder: string): Promise<ExternalPlugin[]> {
  const url = isPath(specifier) ? urlOfFile(specifier, folder) : specifier;
  let module: object;
  try {
    module = await importFrom(url, folder);
  } catch (cause) {
    throw new TarsierError('plugin/load', explain(specifier, folder, cause), { cause, field: 'plugins' });
  }
  const plugins = pluginsOf(module);
  if (plugins.length === 0) {
    throw new TarsierError(
      'plugin/load',
      `${specifier}: expected it to export a plugin made with definePlugin, got ${exportsOf(module)}`,
      { field: 'plugins' },
    );
  }
  for (const plugin of plugins) checkVersion(specifier, plugin);
  for (const plugin of plugins) checkDefinition(specifier, plugin);
  return plugins.map((plugin) => ({ plugin, url: resolved(url, folder) }));
}

/** Whether settings mean a module by it, and not the name of a built-in plugin. */
export function isPluginSpecifier(name: string): boolean {
  return isPath(name) || name.startsWith('@') || name.startsWith('tarsier-plugin-');
}

/** Imports a plugin's module; also in a worker thread, by the URL that {@link loadPlugins} gave. */
export async function importFrom(specifier: string, folder: string): Promise<object> {
  lookUpFrom(folder);
  const module: unknown = await import(specifier);
  // A module's namespace is an object, whatever it exports.
  return module as object;
}

/** The plugins that a module exports. */
export function pluginsOf(module: object): Plugin[] {
  // The same one may be exported twice, by name and as the default.
  return [...new Set(Object.values(module).filter(looksLikePlugin))];
}

function isPath(specifier: string): boolean {
  return specifier.startsWith('.') || isAbsolute(specifier);
}

/** With the file's time, so that a changed file is another module: Node.js keeps each that it has read. */
function urlOfFile(path: string, folder: string): string {
  const file = resolve(folder, path);
  const url = pathToFileURL(file);
  try {
    url.searchParams.set('at', String(statSync(file).mtimeMs));
  } catch {
    // Importing it says better what is wrong.
  }
  return url.href;
}

let lookUpFolder: string | undefined;
const seen = new Map<string, string>();

/**
 * Names are looked up from the settings file's folder, not from where the agent is installed; and what every plugin
 * needs is found beside the agent where the plugin has no node_modules.
 */
function lookUpFrom(folder: string): void {
  const hooked = lookUpFolder !== undefined;
  lookUpFolder = folder;
  if (hooked) return;
  registerHooks({
    resolve(specifier, context, nextResolve) {
      const fromHere = context.parentURL === import.meta.url;
      const parentURL = fromHere ? pathToFileURL(join(lookUpFolder ?? folder, 'settings')).href : context.parentURL;
      try {
        const found = nextResolve(specifier, { ...context, parentURL });
        if (fromHere) seen.set(specifier, found.url);
        return found;
      } catch (error) {
        if (fromHere || !provided.test(specifier)) throw error;
        return nextResolve(specifier, { ...context, parentURL: import.meta.url });
      }
    },
  });
}

function resolved(url: string, folder: string): string {
  return seen.get(url) ?? new URL(url, pathToFileURL(`${folder}/`)).href;
}

function looksLikePlugin(value: unknown): value is Plugin {
  return (
    typeof value === 'object' &&
    value !== null &&
    'apiVersion' in value &&
    typeof value.apiVersion === 'number' &&
    'name' in value &&
    typeof value.name === 'string' &&
    'open' in value &&
    typeof value.open === 'function'
  );
}

function checkVersion(specifier: string, { name, apiVersion }: Plugin): void {
  if (apiVersion > pluginApiVersion) {
    throw new TarsierError(
      'plugin/version',
      `${specifier}: the plugin ${name} is written for version ${apiVersion} of the plugin contract, this agent knows ${pluginApiVersion}: update the agent, or use an older version of the plugin`,
      { field: 'plugins' },
    );
  }
  if (apiVersion < oldestApiVersion) {
    throw new TarsierError(
      'plugin/version',
      `${specifier}: the plugin ${name} is written for version ${apiVersion} of the plugin contract, this agent needs ${oldestApiVersion} or later: update the plugin`,
      { field: 'plugins' },
    );
  }
}

function checkDefinition(specifier: string, plugin: Plugin): void {
  const fault = definitionFault(plugin);
  if (fault === undefined) return;
  throw new TarsierError('plugin/definition', `${specifier}: the plugin ${plugin.name}: ${fault}`, {
    field: 'plugins',
  });
}

function explain(specifier: string, folder: string, cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'ERR_MODULE_NOT_FOUND' && cause instanceof Error) {
    if (isPath(specifier) && !existsSync(resolve(folder, specifier)))
      return `${specifier}: there is no such file (${resolve(folder, specifier)})`;
    if (cause.message.includes(`'${specifier}'`))
      return `${specifier}: the package is not installed in ${folder}: run "npm install ${specifier}" there`;
  }
  if (code === 'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING')
    return `${specifier}: a package in node_modules has to ship JavaScript; TypeScript runs as it is from any other folder`;
  return `${specifier}: could not be loaded`;
}

function exportsOf(module: object): string {
  const names = Object.entries(module).map(([name, value]) => `${name} (${describeValue(value)})`);
  return names.length === 0 ? 'no exports' : names.slice(0, 5).join(', ');
}
