/** A settings file as YAML, of which JSON is a part: its values, where each stands, and what it refers to. */
import { describeError } from '@tarsier/protocol';
import { isMap, isPair, isScalar, LineCounter, parseDocument, visit, type Document, type Scalar } from 'yaml';

/** One thing that is wrong with the settings. */
export interface ConfigProblem {
  /** The file's path, or the environment variable. */
  readonly source: string;
  /** From 1; absent for what stands in no file. */
  readonly line?: number;
  readonly column?: number;
  /** As in `plugins.cpu.perCpu`; empty for the file as a whole. */
  readonly field: string;
  /** What came and what was expected. */
  readonly message: string;
}

export type Path = readonly (string | number)[];

export interface ConfigDocument {
  readonly value: unknown;
  readonly problems: readonly ConfigProblem[];
  /** Files that `${file:…}` reads: a change of one is a change of the settings. */
  readonly files: readonly string[];
  /** A problem with the value at `path`, or with the key itself; where there is none, with what it is missing from. */
  problemAt(path: Path, message: string, on?: 'value' | 'key'): ConfigProblem;
  /** Whether the value came from elsewhere through `${env:…}` or `${file:…}`, and so is not to be shown. */
  isReferred(path: Path): boolean;
}

export interface DocumentDeps {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** @throws when it can't be read */
  readonly readFile: (path: string) => string;
}

/** `$${` stands for `${`. */
const reference = /\$\$\{|\$\{(env|file):([^}]*)\}/gu;

/** @param source  the file's path, for messages */
export function readDocument(text: string, source: string, { environment, readFile }: DocumentDeps): ConfigDocument {
  const lines = new LineCounter();
  // Without pretty errors messages quote nothing of the file: it may hold secrets.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true });
  const files: string[] = [];
  const referred = new Set<unknown>();
  const problems: ConfigProblem[] = [];

  function at(offset: number, field: string, message: string): ConfigProblem {
    const { line, col } = lines.linePos(offset);
    return { source, line, column: col, field, message };
  }

  for (const { message, pos } of [...document.errors, ...document.warnings]) {
    problems.push(at(pos[0], '', `expected YAML or JSON: ${message}`));
  }

  function refer(kind: string, name: string): string {
    if (kind === 'env') {
      const value = environment[name];
      if (value === undefined) throw new Error(`the environment variable ${name} is not set`);
      return value;
    }
    files.push(name);
    try {
      return readFile(name).replace(/\r?\n$/u, '');
    } catch (error) {
      throw new Error(`the file can not be read: ${describeError(error)}`, { cause: error });
    }
  }

  function substitute(scalar: Scalar<string>, field: string): void {
    const written = scalar.value;
    const wholly = /^\$\{(?:env|file):[^}]*\}$/u.test(written);
    try {
      scalar.value = written.replaceAll(reference, (whole, kind?: string, name = '') => {
        if (kind === undefined) return whole.slice(1);
        referred.add(scalar);
        return refer(kind, name);
      });
    } catch (error) {
      problems.push(at(scalar.range?.[0] ?? 0, field, `${written}: ${describeError(error)}`));
    }
    // As YAML does: without quotes, 5 is a number and true is no string.
    if (wholly && scalar.type === 'PLAIN') Object.assign(scalar, { value: typed(scalar.value) });
  }

  visit(document, {
    Scalar(key, scalar, ancestors) {
      if (key === 'key' || typeof scalar.value !== 'string' || !scalar.value.includes('${')) return;
      const names = ancestors.flatMap((node) => (isPair(node) && isScalar(node.key) ? [String(node.key.value)] : []));
      substitute(scalar as Scalar<string>, names.join('.'));
    },
  });

  return {
    value: problems.length > 0 ? undefined : toValue(document, (message) => problems.push(at(0, '', message))),
    problems,
    files,
    problemAt(path, message, on = 'value') {
      return at(offsetOf(document, path, on), path.join('.'), message);
    },
    isReferred: (path) => referred.has(document.getIn(path, true)),
  };
}

function toValue(document: Document, onProblem: (message: string) => void): unknown {
  try {
    return document.toJS();
  } catch (error) {
    // Aliases that would multiply without end.
    onProblem(`expected YAML or JSON: ${describeError(error)}`);
    return undefined;
  }
}

function offsetOf(document: Document, path: Path, on: 'value' | 'key'): number {
  for (let length = path.length; length > 0; length--) {
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const name = path[length - 1];
    const pair = isMap(parent)
      ? parent.items.find(({ key }) => isScalar(key) && String(key.value) === String(name))
      : undefined;
    const value = document.getIn(path.slice(0, length), true);
    const wantsKey = on === 'key' || length < path.length;
    for (const node of wantsKey ? [pair?.key, value] : [value, pair?.key]) if (hasRange(node)) return node.range[0];
  }
  return 0;
}

function hasRange(node: unknown): node is { readonly range: readonly [number, number, number] } {
  return typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range);
}

function typed(text: string): string | number | boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/u.test(text) ? Number(text) : text;
}
