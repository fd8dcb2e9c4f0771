import { TarsierError } from '@tarsier/protocol';

/**
 * Refuses texts that PostgreSQL can not keep: with a NUL character, or half of a pair of UTF-16.
 *
 * @throws {TarsierError} of that code, naming the field
 */
export function requireStorable(value: unknown, code: string): void {
  // A list, not recursion: somebody may send brackets a hundred thousand deep.
  const waiting: [path: string, value: unknown][] = [['', value]];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [path, one] = next;
    if (typeof one === 'string') requireText(one, path, code);
    else if (typeof one === 'object' && one !== null) {
      for (const [key, inner] of Object.entries(one)) {
        requireText(key, path, code);
        waiting.push([path === '' ? key : `${path}.${key}`, inner]);
      }
    }
  }
}

function requireText(text: string, path: string, code: string): void {
  if (text.isWellFormed() && !text.includes('\u0000')) return;
  const field = path === '' ? 'body' : path.slice(0, 200);
  throw new TarsierError(code, `${field}: expected text without NUL characters and unpaired surrogates`, { field });
}
