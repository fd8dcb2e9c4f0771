const maxSegments = 12;
const identifier =
  /^(?:\d+|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|(?=.*\d)[0-9a-f]{16,}|(?=.*\d)[\w-]{24,})$/iu;

/**
 * A route of whatever path a caller sends: without query, and with `:id` for what names one thing (numbers, UUIDs, long
 * hexadecimal and random words). A route as frameworks have it, `/users/:user` or `/users/{user}`, stays as it is.
 */
export function toRoute(path: string): string {
  const [plain = ''] = path.slice(0, 2_000).split(/[?#]/u, 1);
  const segments = plain.split('/');
  const kept = segments.slice(0, maxSegments).map((segment) => (identifier.test(segment) ? ':id' : segment));
  return [...kept, ...(segments.length > maxSegments ? ['…'] : [])].join('/');
}
