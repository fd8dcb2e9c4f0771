/** The tree of control groups: which there are, and which of them are of interest. */
import type { Host } from '../host/host.ts';
import { identify, type Identity } from './identify.ts';

export interface Group {
  readonly version: 1 | 2;
  /** Below the root of the tree. */
  readonly path: string;
  readonly identity: Identity;
}

/** Deeper than Kubernetes nests them, and more than a host has: a bound for what is not foreseen. */
const maxDepth = 8;
const maxFolders = 5_000;

/** @returns undefined when there is none */
export function treeVersion(host: Host): 1 | 2 | undefined {
  if (host.readSysOnce('fs/cgroup/cgroup.controllers') !== undefined) return 2;
  return host.listSys('fs/cgroup/memory').length > 0 ? 1 : undefined;
}

export function findGroups(
  host: Host,
  {
    containers,
    services,
    include,
  }: { readonly containers: boolean; readonly services: boolean; readonly include: string },
): Group[] {
  const version = treeVersion(host);
  if (version === undefined) return [];
  // Version 1 has a tree for each controller: containers are in all of them alike.
  const root = version === 2 ? 'fs/cgroup' : 'fs/cgroup/memory';
  const included = include === '' ? undefined : new RegExp(include, 'u');
  const wanted = { container: containers, service: services, other: true };
  const found: Group[] = [];
  let folders = 0;

  function walk(path: string, depth: number): void {
    for (const name of host.listSysFolders(path === '' ? root : `${root}/${path}`)) {
      if (++folders > maxFolders) return;
      const below = path === '' ? name : `${path}/${name}`;
      const identity = identify(below, included);
      // What is inside of a container or service is its own affair.
      if (identity !== undefined && wanted[identity.kind]) found.push({ version: version ?? 2, path: below, identity });
      else if (depth < maxDepth) walk(below, depth + 1);
    }
  }

  walk('', 1);
  return found;
}
