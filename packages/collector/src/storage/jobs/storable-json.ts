/**
 * JSON that PostgreSQL can keep: it has no room for a NUL, nor for half of a surrogate pair. Both become U+FFFD.
 * JSON.stringify escapes them and no others of their kind, so they are found in the text.
 */
export function storableJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(/(?<!\\)((?:\\\\)*)\\u(?:0000|d[89a-f][0-9a-f]{2})/gu, '$1\\ufffd');
}
