/** What a template may name. */
export const templateFields = [
  'title',
  'why',
  'status',
  'reason',
  'severity',
  'priority',
  'alert',
  'host',
  'hosts',
  'firing',
  'total',
  'started',
  'link',
] as const;
export type TemplateField = (typeof templateFields)[number];

const placeholder = /\{\{\s*([^{}]*?)\s*\}\}/gu;

/** @returns what is wrong with a template, if anything is */
export function templateProblem(text: string): string | undefined {
  for (const [, name = ''] of text.matchAll(placeholder)) {
    if (isField(name) || /^labels\.[a-zA-Z_]\w*$/u.test(name)) continue;
    return `expected {{ ${templateFields.join(' }}, {{ ')} }} or {{ labels.NAME }}, got {{ ${name} }}`;
  }
  const rest = text.replaceAll(placeholder, '');
  return rest.includes('{{') || rest.includes('}}') ? 'expected each {{ to have its }}' : undefined;
}

/** @param value  what a field, or a label, stands for */
export function fillTemplate(text: string, value: (name: string) => string): string {
  return text.replaceAll(placeholder, (_, name: string) => value(name));
}

function isField(name: string): name is TemplateField {
  return (templateFields as readonly string[]).includes(name);
}
