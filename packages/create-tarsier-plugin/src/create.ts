import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { namesOf, type PluginNames } from './names.ts';

export type Created =
  | { readonly kind: 'created'; readonly names: PluginNames; readonly files: readonly string[] }
  | { readonly kind: 'refused'; readonly why: string };

/** Versions of the packages that a plugin needs, by name. */
export type Versions = Readonly<Record<string, string>>;

const template = fileURLToPath(new URL('../template/', import.meta.url));

/** Makes a plugin in a new folder below `parent`; a folder that is there is left as it is. */
export async function createPlugin(name: string, parent: string, versions: Versions): Promise<Created> {
  const names = namesOf(name);
  if (names === undefined) {
    return {
      kind: 'refused',
      why: `${JSON.stringify(name)}: expected a name of lower case letters, digits and dashes, as in mail-queue or @acme/tarsier-mail-queue`,
    };
  }
  const folder = join(parent, names.folder);
  if (existsSync(folder)) return { kind: 'refused', why: `${folder} is there already; choose another name` };
  const files: string[] = [];
  for (const file of (await filesBelow(template)).toSorted()) {
    const path = relative(template, file)
      .replaceAll('NAME', names.plugin)
      .replace(/\.template$/u, '');
    const target = join(folder, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, filled(await readFile(file, 'utf8'), names, versions), { flag: 'wx' });
    files.push(relative(parent, target));
  }
  return { kind: 'created', names, files };
}

/** `{{plugin}}` is the plugin's name, `{{version:zod}}` a package's version. */
function filled(text: string, names: PluginNames, versions: Versions): string {
  return text.replace(/\{\{([a-z]+)(?::([^}]+))?\}\}/gu, (place, what: string, of: string | undefined) => {
    const value = what === 'version' ? versions[of ?? ''] : names[what as keyof PluginNames];
    if (value === undefined) throw new Error(`the template has ${place}, for which there is nothing`);
    return value;
  });
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
