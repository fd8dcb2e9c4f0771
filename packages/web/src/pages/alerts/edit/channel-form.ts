import type { Channel } from '@tarsier/protocol/api';
import { html } from 'lit';
import type { TemplateResult } from 'lit';
import type { PolicyWords } from '../../../i18n/policies/en.ts';
import { area, check, input, select, type Entered } from './inputs.ts';

type Kind = Channel['kind'];
type Field = keyof PolicyWords['channel']['fields'];

/** What each kind wants; `?` may be left out. */
const fieldsOf: Readonly<Record<Kind, readonly (Field | `${Field}?`)[]>> = {
  webhook: ['url', 'secret?'],
  'alertmanager-webhook': ['url'],
  alertmanager: ['url'],
  slack: ['url'],
  discord: ['url'],
  teams: ['url'],
  telegram: ['botToken', 'chatId', 'apiUrl?'],
  pagerduty: ['routingKey', 'url?'],
  opsgenie: ['apiKey', 'apiUrl?'],
  ntfy: ['url', 'token?'],
  email: ['server', 'from', 'to'],
  command: ['command'],
};
// Of the keys above.
const kinds = Object.keys(fieldsOf) as Kind[];
const hourMs = 3_600_000;

/** Name of a field, and whether it may be left out. */
function parsed(field: string): readonly [Field, boolean] {
  // Of the lists above.
  return [field.replace('?', '') as Field, field.endsWith('?')];
}

/** @param kind  the one chosen; another has other fields */
export function channelFields(
  words: PolicyWords,
  channel: Channel | undefined,
  kind: Kind,
  choose: (kind: Kind) => void,
): TemplateResult {
  const text = words.channel;
  const before: Readonly<Record<string, unknown>> = channel?.kind === kind ? { ...channel } : {};
  const { template = {}, rateLimit = { count: 60, perMs: hourMs }, picture = true } = channel ?? {};
  return html`${input('name', words.name, { value: channel?.name })}
    ${select(
      'kind',
      text.kind,
      kinds.map((one) => [one, text.kinds[one]]),
      kind,
      (value) => choose(kinds.find((one) => one === value) ?? 'webhook'),
    )}
    ${fieldsOf[kind].map((field) => {
      const [name, optional] = parsed(field);
      const label = optional ? text.optional(text.fields[name]) : text.fields[name];
      const value = before[name];
      if (name === 'to') return area(name, label, Array.isArray(value) ? value.join('\n') : '', undefined, true);
      return input(name, label, { value: typeof value === 'string' ? value : '', optional });
    })}
    ${input('limit', text.limit, {
      type: 'number',
      min: 1,
      max: 10_000,
      value: Math.max(1, Math.round((rateLimit.count * hourMs) / rateLimit.perMs)),
    })}
    ${check('picture', text.picture, picture)}
    <details ?open=${template.title !== undefined || template.text !== undefined}>
      <summary>${text.words}</summary>
      ${input('title', text.title, { value: template.title, optional: true, help: text.wordsHelp })}
      ${area('text', text.text, template.text ?? '')}
    </details>`;
}

export function channelOf(entered: Entered): { readonly name: string } {
  const kind = kinds.find((one) => one === entered.text('kind')) ?? 'webhook';
  const own = fieldsOf[kind].flatMap((field): [string, unknown][] => {
    const [name, optional] = parsed(field);
    const value = name === 'to' ? entered.parts(name, '\n') : entered.text(name);
    return optional && value === '' ? [] : [[name, value]];
  });
  const [title, text] = [entered.text('title'), entered.text('text')];
  return {
    name: entered.text('name'),
    ...{ kind, ...Object.fromEntries(own) },
    ...{ rateLimit: { count: entered.number('limit'), perMs: hourMs }, picture: entered.has('picture') },
    ...{ template: { ...(title === '' ? {} : { title }), ...(text === '' ? {} : { text }) } },
  };
}
