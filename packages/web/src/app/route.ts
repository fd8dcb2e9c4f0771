/** Where the page is, kept in the address's fragment, so that a reload and a copied link show the same. */
export interface Route {
  /** Name of the page, `hosts`; '' is the first one. */
  readonly page: string;
  /** What follows: `db-1` of `#/hosts/db-1`. */
  readonly path: readonly string[];
  /** `range`, and what the page itself keeps. */
  readonly parameters: Readonly<Record<string, string>>;
}

export function parseRoute(hash: string): Route {
  const [, address = '', query = ''] = /^#?\/?([^?]*)\??(.*)$/u.exec(hash) ?? [];
  const [page = '', ...path] = address.split('/').map(decode);
  return {
    page,
    path: path.filter((part) => part !== ''),
    parameters: Object.fromEntries(new URLSearchParams(query)),
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A broken percent sign: somebody typed the address.
    return text;
  }
}

/** Empty parameters are left out. */
export function routeHash({ page, path = [], parameters = {} }: Partial<Route>): string {
  const address = [page ?? '', ...path].map(encodeURIComponent).join('/');
  const kept = Object.entries(parameters).filter(([, value]) => value !== '');
  // Times and selectors stay readable.
  const query = new URLSearchParams(kept).toString().replaceAll('%2F', '/').replaceAll('%3A', ':');
  return `#/${address}${query === '' ? '' : `?${query}`}`;
}

/** The address of a host's page. */
export function hostHash(host: string): string {
  return routeHash({ page: 'hosts', path: [host] });
}

/** The address of an incident's page. */
export function incidentHash(id: string): string {
  return routeHash({ page: 'alerts', path: [id] });
}
