/**
 * What the elements of `packages/web` are, read from their doc tags: the custom-elements manifest that editors and
 * documentation tools read, the tables of the README, and the React wrappers.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { webFolder } from './web.ts';

interface Named {
  readonly name: string;
  readonly description: string;
}

interface ElementProperty extends Named {
  /** Undefined: a property alone. */
  readonly attribute: string | undefined;
  readonly type: string;
  /** As the source has it; '' where there is none. */
  readonly initial: string;
}

interface ElementMethod extends Named {
  readonly parameters: string;
  readonly result: string;
}

interface ElementDoc {
  readonly tag: string;
  readonly className: string;
  /** Below `src`. */
  readonly path: string;
  readonly superclass: string;
  readonly description: string;
  readonly properties: readonly ElementProperty[];
  readonly methods: readonly ElementMethod[];
  readonly events: readonly Named[];
  readonly slots: readonly Named[];
  readonly parts: readonly Named[];
  readonly cssProperties: readonly Named[];
}

interface ClassDoc extends Omit<ElementDoc, 'tag'> {}

const source = `${webFolder}src/`;

/** The elements of `src/elements`, by tag. @throws {Error} that names the file that is not as expected */
export function readElements(): readonly ElementDoc[] {
  const folders = readdirSync(`${source}elements`, { withFileTypes: true });
  const tags = folders
    .filter((entry) => entry.isDirectory() && entry.name.startsWith('tarsier-'))
    .map(({ name }) => name);
  const bases = new Map(
    ['elements/series-properties.ts', 'elements/result-element.ts']
      .map((path) => readClass(path, readFileSync(source + path, 'utf8')))
      .map((doc) => [doc.className, doc]),
  );
  return tags.toSorted().map((tag) => {
    const path = `elements/${tag}/${tag}.ts`;
    const text = readFileSync(source + path, 'utf8');
    const own = readClass(path, text);
    if (!text.includes(`'${tag}': ${own.className};`))
      throw new Error(`${path}: expected HTMLElementTagNameMap to have ${tag}`);
    const base = bases.get(own.superclass);
    return {
      ...own,
      tag,
      superclass: 'LitElement',
      // What a class says of a property of its base is what holds.
      properties: mergeByName(base?.properties ?? [], own.properties),
      methods: mergeByName(base?.methods ?? [], own.methods),
    };
  });
}

function mergeByName<T extends Named>(base: readonly T[], own: readonly T[]): readonly T[] {
  return [...base.filter(({ name }) => own.every((other) => other.name !== name)), ...own];
}

const comment = String.raw`\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*`;

function readClass(path: string, text: string): ClassDoc {
  const head = new RegExp(`${comment}export (?:abstract )?class (\\w+)(?:<\\w+>)? extends (\\w+)`, 'u').exec(text);
  const [whole, block = '', className = '', superclass = ''] = head ?? [];
  if (whole === undefined) throw new Error(`${path}: expected a documented class`);
  const lines = block.split('\n').map((line) => line.replace(/^\s*\* ?/u, ''));
  const firstTag = lines.findIndex((line) => line.startsWith('@'));
  const description = (firstTag < 0 ? lines : lines.slice(0, firstTag)).join('\n').trim();
  const tags = (firstTag < 0 ? [] : lines.slice(firstTag))
    .join('\n')
    .split(/\n(?=@)/u)
    .map((tag) => tag.replaceAll(/\s+/gu, ' ').trim());
  const tagged = (kind: string): readonly Named[] =>
    tags
      .filter((tag) => tag === `@${kind}` || tag.startsWith(`@${kind} `))
      .map((tag) => {
        const [, name = '', text = ''] = /^@\w+(?: (?!- )(\S+))?(?: - (.*))?$/u.exec(tag) ?? [];
        return { name, description: text };
      });
  const body = text.slice(text.indexOf(whole) + whole.length);
  return {
    className,
    path,
    superclass,
    description,
    properties: readProperties(path, body),
    methods: readMethods(body),
    events: tagged('fires'),
    slots: tagged('slot'),
    parts: tagged('csspart'),
    cssProperties: tagged('cssproperty'),
  };
}

function readProperties(path: string, body: string): readonly ElementProperty[] {
  const property = new RegExp(
    `(?:${comment})?@property\\(([^)]*)\\)\\s*(?:get )?(\\w+)(?:\\(\\))?(?:: ([^=;{]+?))?(?: = ([^;]+?))?(?:;| \\{)`,
    'gu',
  );
  return [...body.matchAll(property)].map(([, doc, options = '', name = '', annotated, initial = '']) => {
    if (doc === undefined) throw new Error(`${path}: expected a sentence about the property ${name}`);
    const attribute = /attribute: (false|'[^']+')/u.exec(options)?.[1];
    return {
      name,
      description: plain(doc),
      attribute: attribute === 'false' ? undefined : (attribute?.slice(1, -1) ?? name.toLowerCase()),
      type: annotated ?? (options.includes('Boolean') ? 'boolean' : options.includes('Number') ? 'number' : 'string'),
      initial: initial === 'undefined' ? '' : initial.replaceAll(/\s+/gu, ' '),
    };
  });
}

function readMethods(body: string): readonly ElementMethod[] {
  const method = new RegExp(
    `${comment.replace(/\\s\*$/u, '')}\\n  (?:async )?(\\w+)\\(([^)]*)\\): ([^\\n]+?) \\{\\n`,
    'gu',
  );
  return [...body.matchAll(method)].map(([, doc = '', name = '', parameters = '', result = '']) => ({
    name,
    description: plain(doc),
    parameters,
    result,
  }));
}

/** A comment's text, without the tags. */
function plain(doc: string): string {
  return doc
    .replaceAll(/^\s*\* ?/gmu, '')
    .replaceAll(/\s+/gu, ' ')
    .trim();
}

/** Schema 1.0.0 of custom-elements-manifest. */
export function manifestOf(elements: readonly ElementDoc[]): unknown {
  return {
    schemaVersion: '1.0.0',
    readme: 'README.md',
    modules: elements.map((element) => {
      const path = `dist/modules/${element.tag.replace('tarsier-', '')}.js`;
      return {
        kind: 'javascript-module',
        path,
        declarations: [
          {
            kind: 'class',
            customElement: true,
            name: element.className,
            tagName: element.tag,
            description: element.description,
            superclass: { name: element.superclass, package: 'lit' },
            attributes: element.properties.flatMap(({ name, attribute, type, initial, description }) =>
              attribute === undefined
                ? []
                : [{ name: attribute, fieldName: name, type: { text: type }, ...defaultOf(initial), description }],
            ),
            members: [
              ...element.properties.map(({ name, attribute, type, initial, description }) => ({
                kind: 'field',
                name,
                privacy: 'public',
                ...(attribute === undefined ? {} : { attribute }),
                type: { text: type },
                ...defaultOf(initial),
                description,
              })),
              ...element.methods.map(({ name, parameters, result, description }) => ({
                kind: 'method',
                name,
                privacy: 'public',
                parameters: parameters
                  .split(', ')
                  .filter((parameter) => parameter !== '')
                  .map((parameter) => {
                    const [parameterName = '', type = ''] = parameter.split(': ');
                    return { name: parameterName, type: { text: type } };
                  }),
                return: { type: { text: result } },
                description,
              })),
            ],
            events: element.events.map((event) => ({ ...event, type: { text: 'CustomEvent' } })),
            slots: element.slots,
            cssParts: element.parts,
            cssProperties: element.cssProperties,
          },
        ],
        exports: [
          { kind: 'js', name: element.className, declaration: { name: element.className, module: path } },
          {
            kind: 'custom-element-definition',
            name: element.tag,
            declaration: { name: element.className, module: path },
          },
        ],
      };
    }),
  };
}

function defaultOf(initial: string): { readonly default?: string } {
  return initial === '' ? {} : { default: initial };
}

/** A heading, a sentence, a table and lists for each element. */
export function tablesOf(elements: readonly ElementDoc[]): string {
  return elements.map(sectionOf).join('\n\n');
}

function sectionOf({ tag, description, properties, methods, events, slots, parts, cssProperties }: ElementDoc): string {
  const rows = properties.map(({ name, attribute, type, initial, description: text }) => [
    attribute === undefined ? '' : `\`${attribute}\``,
    `\`${name}\``,
    `\`${type.replaceAll('|', '\\|')}\``,
    initial === '' || initial === "''" || initial === 'false' ? '' : `\`${initial.replaceAll('|', '\\|')}\``,
    text.replaceAll('|', '\\|'),
  ]);
  const list = (
    title: string,
    items: readonly Named[],
    name = (item: Named) => `\`${item.name}\``,
  ): readonly string[] =>
    items.length === 0
      ? []
      : [
          `${title}: ${items.map((item) => (item.description === '' ? name(item) : `${name(item)} (${item.description})`)).join('; ')}.`,
        ];
  return [
    `### \`${tag}\``,
    description,
    ...(rows.length === 0 ? [] : [table(['attribute', 'property', 'type', 'default', 'meaning'], rows)]),
    ...list('Events', events),
    ...list('Slots', slots, ({ name }) => (name === '' ? 'the default one' : `\`${name}\``)),
    ...list('Parts', parts),
    ...list('Custom properties', cssProperties),
    ...list(
      'Methods',
      methods.map(({ name, parameters, description: text }) => ({
        name: `${name}(${parameters})`,
        description: text.replace(/\.$/u, ''),
      })),
    ),
  ].join('\n\n');
}

/** As the formatter lays tables out. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(3, ...all.map((row) => (row[column] ?? '').length)));
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, column) => `${cells[column] ?? ''}${' '.repeat(width - (cells[column] ?? '').length)}`).join(' | ')} |`;
  return [line(head), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rows.map(line)].join('\n');
}

/** `@tarsier/web/react`: a component for each element, typed, with its events as `onTarsier…`. */
export function reactOf(elements: readonly ElementDoc[]): string {
  const imports = elements.map(
    ({ className, path }) => `import { ${className} as ${className}Element } from './${path}';`,
  );
  const components = elements.map(({ tag, className, events }) => {
    const lines = events.map(({ name }) => `  ${handlerOf(name)}: '${name}' as EventName<CustomEvent>,`);
    const map = lines.length === 0 ? '{}' : `{\n${lines.join('\n')}\n}`;
    return `export const ${className} = /* @__PURE__ */ component('${tag}', ${className}Element, ${map});`;
  });
  return `/** Made from the doc tags of the elements by \`pnpm generate:web\`: React components of them. */
import type { EventName } from '@lit/react';
${imports.join('\n')}
import { component } from './react-component.ts';

${components.join('\n')}
`;
}

/** `tarsier-range-change` is `onTarsierRangeChange`. */
function handlerOf(event: string): string {
  return `on${event
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')}`;
}

const begin = '<!-- From here to the end mark: made from the doc tags of the elements by `pnpm generate:web`. -->';
const end = '<!-- end -->';

/** The files that are made, by path below the package: what they have to hold. */
export function webFiles(): ReadonlyMap<string, string> {
  const elements = readElements();
  const readme = readFileSync(`${webFolder}README.md`, 'utf8');
  const [from, to] = [readme.indexOf(begin), readme.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`README.md: expected ${begin} and ${end}`);
  return new Map([
    ['custom-elements.json', `${JSON.stringify(manifestOf(elements), undefined, 2)}\n`],
    ['README.md', `${readme.slice(0, from + begin.length)}\n\n${tablesOf(elements)}\n\n${readme.slice(to)}`],
    ['src/react.ts', reactOf(elements)],
  ]);
}
