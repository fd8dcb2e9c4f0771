import { labelText } from '../text/label-text.ts';

export interface SwapDevice {
  readonly device: string;
  readonly sizeBytes: number;
  readonly usedBytes: number;
  readonly priority: number;
}

/** /proc/swaps: name (spaces as octal escapes), type, size and use in kB, priority. */
export function parseSwaps(text: string): SwapDevice[] {
  return text
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [name, , size, used, priority] = line.split(/\s+/u);
      if (name === undefined || priority === undefined) return [];
      const device = labelText(
        name.replaceAll(/\\([0-7]{3})/gu, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))),
      );
      return [{ device, sizeBytes: Number(size) * 1024, usedBytes: Number(used) * 1024, priority: Number(priority) }];
    });
}
