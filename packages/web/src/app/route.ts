/** Where the page is, kept in the address's fragment, so that a reload and a copied link show the same. */
export interface Route {
  /** The chosen host; absent: the page chooses. */
  readonly host?: string;
}

export function parseRoute(hash: string): Route {
  const [, encoded] = /^#\/hosts\/([^/]+)$/u.exec(hash) ?? [];
  if (encoded === undefined) return {};
  try {
    return { host: decodeURIComponent(encoded) };
  } catch {
    // A broken percent sign: somebody typed the address.
    return {};
  }
}

export function routeHash({ host }: Route): string {
  return host === undefined ? '#/' : `#/hosts/${encodeURIComponent(host)}`;
}
