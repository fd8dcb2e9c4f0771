import { positionText, type Span } from '../language/query-error.ts';

/** What a query's reader should know though it has an answer. Each is told once. */
export class Annotations {
  readonly #text: string;
  readonly #warnings = new Set<string>();
  readonly #infos = new Set<string>();

  /** @param text  of the query, for the positions */
  constructor(text: string) {
    this.#text = text;
  }

  /** The answer is probably not what was meant. */
  warn(message: string, { start }: Span): void {
    this.#warnings.add(`PromQL warning: ${message} (${positionText(this.#text, start)})`);
  }

  /** The answer may not be what was meant. */
  info(message: string, { start }: Span): void {
    this.#infos.add(`PromQL info: ${message} (${positionText(this.#text, start)})`);
  }

  get warnings(): readonly string[] {
    return [...this.#warnings];
  }

  get infos(): readonly string[] {
    return [...this.#infos];
  }
}
