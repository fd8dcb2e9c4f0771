import type { Attributes } from '@tarsier/protocol/otlp';

/** The first of the attributes that is there and not empty, as text; '' when none is. */
export function attributeText(attributes: Attributes, ...names: readonly string[]): string {
  for (const name of names) {
    const value = String(attributes.get(name) ?? '');
    if (value !== '') return value;
  }
  return '';
}
