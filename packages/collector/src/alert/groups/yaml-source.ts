/** YAML of Prometheus's tools, read by schemas; whatever is wrong is named with its line. */
import { describeIssue, TarsierError } from '@tarsier/protocol';
import { isNode, LineCounter, parseDocument, type Document } from 'yaml';
import type { z } from 'zod';

export type Path = readonly (string | number)[];

export class YamlSource {
  readonly #code: string;
  readonly #lines = new LineCounter();
  readonly #document: Document;
  /** Every scalar is a text: `severity: 1` is the label value 1. Undefined where there is nothing. */
  readonly value: unknown;

  /**
   * @param text  YAML, of which JSON is a part
   * @param code  of its errors
   * @throws {TarsierError}
   */
  constructor(text: string, code: string) {
    this.#code = code;
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false, schema: 'failsafe' });
    const [error] = this.#document.errors;
    if (error !== undefined) {
      throw this.#wrong(this.#lines.linePos(error.pos[0]).line, [], `expected YAML: ${error.message}`);
    }
    try {
      const value: unknown = this.#document.toJS();
      // Generators write `null` where there is nothing.
      this.value = value === 'null' || value === '~' ? undefined : (value ?? undefined);
    } catch (cause) {
      // Aliases that would become very much more than was written.
      throw new TarsierError(code, 'expected YAML without so many aliases', { cause });
    }
  }

  /** @param at  where the value stands @throws {TarsierError} */
  read<T>(schema: z.ZodType<T>, value: unknown, at: Path): T {
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    const { path, what } = describeIssue(parsed.error, value, 'file');
    throw this.wrong(
      [...at, ...path.map((step) => (typeof step === 'symbol' ? String(step) : step))],
      // A check of its own says what came as it is best said.
      issue?.code === 'custom' ? issue.message : what,
    );
  }

  /** `line 7: groups[0].rules[1].expr: …` */
  wrong(path: Path, message: string): TarsierError {
    return this.#wrong(this.lineOf(path), path, message);
  }

  /** Of the value at a path, or of the nearest around it. */
  lineOf(path: Path): number {
    for (let length = path.length; length > 0; length--) {
      const node = this.#document.getIn(path.slice(0, length), true);
      if (isNode(node) && node.range) return this.#lines.linePos(node.range[0]).line;
    }
    return 1;
  }

  #wrong(line: number, path: Path, message: string): TarsierError {
    const field = path
      .map((step, index) => (typeof step === 'number' ? `[${step}]` : `${index > 0 ? '.' : ''}${step}`))
      .join('');
    return new TarsierError(this.#code, `line ${line}: ${field === '' ? '' : `${field}: `}${message}`, { field });
  }
}
