/** How one plugin is called where. */
export interface PluginNames {
  /** The npm package: `@acme/tarsier-mail-queue`, `tarsier-plugin-mail-queue`. */
  readonly package: string;
  /** The folder that is made for it. */
  readonly folder: string;
  /** In settings, logs and file names: `mail-queue`. */
  readonly plugin: string;
  /** What its metrics begin with: `mail_queue`. */
  readonly metrics: string;
  /** In code, where it must be no word of the language: `mailQueuePlugin`. */
  readonly identifier: string;
}

const packageName = /^(?:@[a-z0-9][a-z0-9._-]*\/)?[a-z][a-z0-9-]*$/u;

/**
 * @param name  a plugin's name, or that of its package
 * @returns undefined when it can be neither
 */
export function namesOf(name: string): PluginNames | undefined {
  if (!packageName.test(name) || name.length > 100) return undefined;
  const [last = ''] = name.split('/').slice(-1);
  const plugin = last.replace(/^tarsier-(?:plugin-)?/u, '').replace(/-+$/u, '');
  if (!/^[a-z]/u.test(plugin)) return undefined;
  const isPackage = name.startsWith('@') || name.startsWith('tarsier-');
  return {
    package: isPackage ? name : `tarsier-plugin-${name}`,
    folder: last,
    plugin,
    metrics: plugin.replaceAll('-', '_'),
    identifier: `${plugin.replace(/-+([a-z0-9])/gu, (_, letter: string) => letter.toUpperCase())}Plugin`,
  };
}
