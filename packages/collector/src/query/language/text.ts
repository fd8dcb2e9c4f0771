/**
 * Strings of the language, which in Prometheus are bytes. A byte that is not UTF-8 is kept as the lone surrogate
 * U+DC00 + byte, which no text from outside can hold.
 */
const simpleEscapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
};

/** @returns undefined when an escape is none, `body` being what stands between the quotes */
export function unquote(body: string, quote: string): string | undefined {
  if (quote === '`') return body;
  let text = '';
  let bytes: number[] = [];
  const flush = (): void => {
    if (bytes.length > 0) text += decodeBytes(bytes);
    bytes = [];
  };
  for (let at = 0; at < body.length;) {
    if (body[at] !== '\\') {
      flush();
      text += body[at++];
      continue;
    }
    const rest = body.slice(at + 1);
    const [escape, digits] =
      /^x([0-9a-fA-F]{2})/u.exec(rest) ??
      /^u([0-9a-fA-F]{4})/u.exec(rest) ??
      /^U([0-9a-fA-F]{8})/u.exec(rest) ??
      /^([0-7]{3})/u.exec(rest) ??
      [];
    if (escape === undefined || digits === undefined) {
      const char = rest[0] ?? '';
      const meant = char === quote ? quote : Object.hasOwn(simpleEscapes, char) ? simpleEscapes[char] : undefined;
      if (meant === undefined) return undefined;
      flush();
      text += meant;
      at += 2;
      continue;
    }
    const code = Number.parseInt(digits, escape === digits ? 8 : 16);
    if (escape[0] === 'u' || escape[0] === 'U') {
      if (code > 0x10_ffff || (code >= 0xd800 && code <= 0xdfff)) return undefined;
      flush();
      text += String.fromCodePoint(code);
    } else if (code > 255) return undefined;
    else bytes.push(code);
    at += 1 + escape.length;
  }
  flush();
  return text;
}

/** In double quotes, escaped as Go's `%q` does. */
export function quote(text: string): string {
  const escaped = text.replaceAll(/["\\\p{Cc}\ud800-\udfff]/gu, (char) => {
    const code = char.codePointAt(0) ?? 0;
    if (char === '"' || char === '\\') return `\\${char}`;
    const [simple] = Object.entries(simpleEscapes).find(([, meant]) => meant === char) ?? [];
    if (simple !== undefined) return `\\${simple}`;
    if (code >= 0xdc80 && code <= 0xdcff) return `\\x${(code - 0xdc00).toString(16)}`;
    return `\\x${code.toString(16).padStart(2, '0')}`;
  });
  return `"${escaped}"`;
}

function decodeBytes(bytes: readonly number[]): string {
  let text = '';
  for (let at = 0; at < bytes.length;) {
    const length = [1, 2, 3, 4].find((count) => {
      const some = Uint8Array.from(bytes.slice(at, at + count));
      return some.length === count && !new TextDecoder().decode(some).includes('\ufffd');
    });
    if (length === undefined) text += String.fromCharCode(0xdc00 + (bytes[at++] ?? 0));
    else {
      text += new TextDecoder().decode(Uint8Array.from(bytes.slice(at, at + length)));
      at += length;
    }
  }
  return text;
}

/** Metric and label names may be any text that is not empty; what is not UTF-8 is no text. */
export function isName(text: string): boolean {
  return text !== '' && text.isWellFormed();
}

/** A name that needs no quotes. */
export function isPlainLabelName(text: string): boolean {
  return /^[a-zA-Z_][a-zA-Z0-9_]*$/u.test(text);
}

export function isPlainMetricName(text: string): boolean {
  return /^[a-zA-Z_:][a-zA-Z0-9_:]*$/u.test(text);
}
