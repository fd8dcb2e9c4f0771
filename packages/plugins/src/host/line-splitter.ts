import { StringDecoder } from 'node:string_decoder';

export interface LineSplitter {
  write(piece: Buffer): void;
  /** Hands on what came after the last line break. */
  end(): void;
}

/** @param maxLength  in UTF-16 units; of a longer line the first `maxLength + 1` are handed on, the rest is dropped */
export function createLineSplitter(maxLength: number, onLine: (line: string) => void): LineSplitter {
  const decoder = new StringDecoder('utf8');
  let rest = '';

  function add(text: string): void {
    let from = 0;
    for (let newline = text.indexOf('\n'); newline >= 0; newline = text.indexOf('\n', from)) {
      onLine((rest + text.slice(from, newline)).slice(0, maxLength + 1).replace(/\r$/u, ''));
      rest = '';
      from = newline + 1;
    }
    if (rest.length <= maxLength) rest += text.slice(from, from + maxLength + 1 - rest.length);
  }

  return {
    write: (piece) => add(decoder.write(piece)),
    end() {
      add(decoder.end());
      if (rest !== '') onLine(rest);
      rest = '';
    },
  };
}
