import { toLabelValue } from '@tarsier/protocol/formats';

const maxLength = 120;

/** Values of a label, of which there may be only so many: what comes later is `other`. */
export function createBoundedLabel(most: number): (value: string) => string {
  const known = new Set<string>();
  return (value) => {
    const clean = toLabelValue(value.slice(0, maxLength));
    if (clean === '' || known.has(clean)) return clean;
    if (known.size >= most) return 'other';
    known.add(clean);
    return clean;
  };
}
