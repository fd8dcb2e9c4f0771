/** What a control group is for, by its path: the names that container runtimes and systemd give them. */

export interface Identity {
  readonly kind: 'container' | 'service' | 'other';
  /** What it is called, as far as the path tells. */
  readonly name: string;
  /** Of containers that a runtime knows by it. */
  readonly id?: string;
}

const containerId = /^(?:(?<runtime>.+)[-:])?(?<id>[0-9a-f]{64})(?:\.scope)?$/u;
const shortIdLength = 12;

/**
 * @param path     below the root of the tree, without a slash at its ends
 * @param include  other groups to measure
 * @returns undefined when it is none to measure; those below it may be
 */
export function identify(path: string, include?: RegExp): Identity | undefined {
  const leaf = path.slice(path.lastIndexOf('/') + 1);
  const { id, runtime = '' } = containerId.exec(leaf)?.groups ?? {};
  // The monitor of a container, not the container.
  if (id !== undefined && !runtime.endsWith('conmon'))
    return { kind: 'container', name: id.slice(0, shortIdLength), id };
  const machine =
    /^machine-(.+)\.scope$/u.exec(leaf)?.[1] ??
    /^lxc\.payload\.(.+)$/u.exec(leaf)?.[1] ??
    /^lxc\/([^/]+)$/u.exec(path)?.[1];
  if (machine !== undefined) return { kind: 'container', name: unescapeUnit(machine) };
  if (/^system\.slice\/(?:.+\/)?[^/]+\.service$/u.test(path)) return { kind: 'service', name: unescapeUnit(leaf) };
  return include?.test(path) === true ? { kind: 'other', name: path } : undefined;
}

/** systemd writes `\x2d` for what would have a meaning of its own in a unit's name. */
function unescapeUnit(name: string): string {
  const bytes = name.replaceAll(/\\x([0-9a-f]{2})/gu, (_, hex: string) => `%${hex}`);
  if (bytes === name) return name;
  try {
    return decodeURIComponent(bytes);
  } catch {
    return name;
  }
}
