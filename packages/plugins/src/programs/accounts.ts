import type { Host } from '../host/host.ts';

export interface Account {
  readonly uid?: number;
  readonly gid?: number;
}

interface Entry {
  readonly id: number;
  /** Of a user: its first group. */
  readonly group: number;
}

/** Lines as of /etc/passwd and /etc/group, by name. */
export function parseAccounts(text: string): ReadonlyMap<string, Entry> {
  const entries = new Map<string, Entry>();
  for (const line of text.split('\n')) {
    const [name = '', , id = '', group = ''] = line.split(':');
    if (name !== '' && /^\d+$/u.test(id)) entries.set(name, { id: Number(id), group: Number(group) });
  }
  return entries;
}

/**
 * Who a program is to run as. A user's first group comes with its name.
 *
 * @param user  a name or a number; '' for who the agent runs as. The same for `group`
 * @throws {Error} when there is no such name
 */
export async function accountOf({ files }: Pick<Host, 'files'>, user: string, group: string): Promise<Account> {
  const entryOf = async (name: string, file: string, what: string): Promise<Entry | undefined> => {
    if (name === '') return undefined;
    const entries = parseAccounts(await readText(files, file));
    const entry = entries.get(name) ?? (/^\d+$/u.test(name) ? byId(entries, Number(name)) : undefined);
    if (entry === undefined) throw new Error(`${what}: expected one of ${file}, got ${JSON.stringify(name)}`);
    return entry;
  };
  const account = await entryOf(user, '/etc/passwd', 'user');
  const gid = (await entryOf(group, '/etc/group', 'group'))?.id ?? account?.group;
  return { ...(account === undefined ? {} : { uid: account.id }), ...(gid === undefined ? {} : { gid }) };
}

/** A number that has no name is its own, and so is its group. */
function byId(entries: ReadonlyMap<string, Entry>, id: number): Entry {
  return [...entries.values()].find((entry) => entry.id === id) ?? { id, group: id };
}

async function readText(files: Host['files'], path: string): Promise<string> {
  const handle = await files.open(path);
  try {
    const { bytes } = await handle.facts();
    return (await handle.read(Buffer.alloc(bytes), 0)).toString();
  } finally {
    await handle.close();
  }
}
