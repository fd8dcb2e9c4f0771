/** Go's template language, as far as alerting rules use it: text to a tree. */
import { TemplateError } from './template-error.ts';

export type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'print'; readonly pipeline: Pipeline }
  | {
      readonly kind: 'if' | 'with';
      readonly pipeline: Pipeline;
      readonly body: readonly Node[];
      readonly otherwise: readonly Node[];
    }
  | {
      readonly kind: 'range';
      readonly names: readonly string[];
      readonly pipeline: Pipeline;
      readonly body: readonly Node[];
      readonly otherwise: readonly Node[];
    };

export interface Pipeline {
  /** `$name := …` or `$name = …`. */
  readonly assigns: string | undefined;
  readonly declares: boolean;
  readonly commands: readonly (readonly Operand[])[];
}

export type Operand =
  | { readonly kind: 'literal'; readonly value: string | number | boolean | undefined }
  /** `.` with its fields. */
  | { readonly kind: 'dot'; readonly fields: readonly string[] }
  | { readonly kind: 'variable'; readonly name: string; readonly fields: readonly string[] }
  | { readonly kind: 'call'; readonly name: string }
  | { readonly kind: 'nested'; readonly pipeline: Pipeline; readonly fields: readonly string[] };

const maxDepth = 50;
const tokenPattern =
  /\s*(?:(?<string>"(?:[^"\\\n]|\\.)*"|`[^`]*`)|(?<number>[+-]?(?:0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?))|(?<variable>\$\w*)|(?<field>\.\w+)|(?<word>[a-zA-Z_]\w*)|(?<mark>:=|[=|(),.]))/uy;

interface Token {
  readonly kind: 'string' | 'number' | 'variable' | 'field' | 'word' | 'mark';
  readonly text: string;
  /** Whether it follows what is before it at once: `(f).Field`, `$x.Field`. */
  readonly joined: boolean;
}

/** @throws {TemplateError} */
export function parseTemplate(text: string): readonly Node[] {
  const parts = split(text);
  const reader = { parts, at: 0 };
  const { nodes, end } = readNodes(reader, 0);
  if (end !== undefined) throw new TemplateError(`expected text, got {{ ${end} }} without a beginning`);
  return nodes;
}

type Part = { readonly text: string } | { readonly action: string };

/** Text and actions, trimmed where an action says so; comments left out. */
function split(text: string): readonly Part[] {
  const parts: Part[] = [];
  let rest = text;
  let trim = false;
  for (;;) {
    const open = rest.indexOf('{{');
    const before = open === -1 ? rest : rest.slice(0, open);
    const action = open === -1 ? undefined : actionAt(rest, open);
    let shown = trim ? before.trimStart() : before;
    if (action?.trimsBefore === true) shown = shown.trimEnd();
    if (shown !== '') parts.push({ text: shown });
    if (action === undefined) return parts;
    if (!/^\/\*[\s\S]*\*\/$/u.test(action.body)) parts.push({ action: action.body });
    trim = action.trimsAfter;
    rest = rest.slice(action.end);
  }
}

function actionAt(text: string, open: number) {
  const found =
    /\{\{(?<before>- )?(?<body>(?:"(?:[^"\\\n]|\\.)*"|`[^`]*`|\/\*[\s\S]*?\*\/|(?!\}\}| -\}\})[\s\S])*)(?<after> -)?\}\}/uy;
  found.lastIndex = open;
  const match = found.exec(text);
  if (match === null) throw new TemplateError(`expected }} after ${JSON.stringify(text.slice(open, open + 30))}`);
  const { before, body = '', after } = match.groups ?? {};
  return {
    body: body.trim(),
    trimsBefore: before !== undefined,
    trimsAfter: after !== undefined,
    end: found.lastIndex,
  };
}

/** Up to `end`, `else …`, or the end of the text. */
function readNodes(
  reader: { readonly parts: readonly Part[]; at: number },
  depth: number,
): { nodes: Node[]; end: string | undefined } {
  if (depth > maxDepth) throw new TemplateError(`expected at most ${maxDepth} actions within each other`);
  const nodes: Node[] = [];
  for (;;) {
    const part = reader.parts[reader.at++];
    if (part === undefined) return { nodes, end: undefined };
    if ('text' in part) {
      nodes.push({ kind: 'text', text: part.text });
      continue;
    }
    const [, word = '', rest = ''] = /^(\w*)\s*([\s\S]*)$/u.exec(part.action) ?? [];
    if (word === 'end' || word === 'else') return { nodes, end: part.action };
    if (word === 'if' || word === 'with' || word === 'range') nodes.push(readBlock(reader, word, rest, depth));
    else if (['define', 'template', 'block', 'break', 'continue'].includes(word)) {
      throw new TemplateError(`{{ ${word} }} is not supported`);
    } else nodes.push({ kind: 'print', pipeline: parsePipeline(part.action) });
  }
}

function readBlock(
  reader: { readonly parts: readonly Part[]; at: number },
  kind: 'if' | 'with' | 'range',
  head: string,
  depth: number,
): Node {
  const { nodes: body, end } = readNodes(reader, depth + 1);
  let otherwise: readonly Node[] = [];
  const [, again, rest = ''] = /^else\s+(if|with)\s+([\s\S]+)$/u.exec(end ?? '') ?? [];
  if (again === 'if' || again === 'with') otherwise = [readBlock(reader, again, rest, depth + 1)];
  else if (end === 'else') {
    const { nodes, end: last } = readNodes(reader, depth + 1);
    if (last !== 'end') throw new TemplateError(`expected {{ end }} of {{ ${kind} }}`);
    otherwise = nodes;
  } else if (end !== 'end') throw new TemplateError(`expected {{ end }} of {{ ${kind} }}`);
  if (kind !== 'range') return { kind, pipeline: parsePipeline(head), body, otherwise };
  const [, first = '', second = '', pipeline = head] =
    /^(\$\w+)(?:\s*,\s*(\$\w+))?\s*:=\s*([\s\S]+)$/u.exec(head) ?? [];
  const names = [first, second].filter((name) => name !== '');
  return { kind, names, pipeline: parsePipeline(pipeline), body, otherwise };
}

function parsePipeline(text: string): Pipeline {
  const tokens = tokensOf(text);
  const reader = { tokens, at: 0 };
  const pipeline = readPipeline(reader, 0);
  const left = tokens[reader.at];
  if (left !== undefined)
    throw new TemplateError(`expected the end of {{ ${text} }}, got ${JSON.stringify(left.text)}`);
  return pipeline;
}

function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  tokenPattern.lastIndex = 0;
  while (tokenPattern.lastIndex < text.trimEnd().length) {
    const at = tokenPattern.lastIndex;
    const match = tokenPattern.exec(text);
    const found = Object.entries(match?.groups ?? {}).find(([, value]) => value !== undefined);
    if (found === undefined)
      throw new TemplateError(
        `expected an expression in {{ ${text} }}, got ${JSON.stringify(text.slice(at, at + 10))}`,
      );
    // The pattern's groups are the kinds.
    const [kind, value = ''] = found as [Token['kind'], string | undefined];
    tokens.push({ kind, text: value, joined: at > 0 && !/\s/u.test(text[at] ?? '') });
  }
  return tokens;
}

interface Tokens {
  readonly tokens: readonly Token[];
  at: number;
}

function readPipeline(reader: Tokens, depth: number): Pipeline {
  if (depth > maxDepth) throw new TemplateError(`expected at most ${maxDepth} parentheses within each other`);
  const [name, sign] = reader.tokens.slice(reader.at, reader.at + 2);
  const isAssignment = name?.kind === 'variable' && sign?.kind === 'mark' && (sign.text === ':=' || sign.text === '=');
  if (isAssignment) reader.at += 2;
  const commands: Operand[][] = [];
  do commands.push(readCommand(reader, depth));
  while (take(reader, '|'));
  return { assigns: isAssignment ? name.text : undefined, declares: isAssignment && sign.text === ':=', commands };
}

function readCommand(reader: Tokens, depth: number): Operand[] {
  const operands: Operand[] = [];
  for (;;) {
    const token = reader.tokens[reader.at];
    if (token === undefined || (token.kind === 'mark' && token.text !== '(' && token.text !== '.')) break;
    operands.push(readOperand(reader, token, depth));
  }
  if (operands.length === 0) throw new TemplateError('expected an expression');
  return operands;
}

function readOperand(reader: Tokens, token: Token, depth: number): Operand {
  reader.at++;
  switch (token.kind) {
    case 'string':
      return { kind: 'literal', value: unquote(token.text) };
    case 'number':
      return { kind: 'literal', value: Number(token.text) };
    case 'variable':
      return { kind: 'variable', name: token.text, fields: readFields(reader) };
    case 'field':
      return { kind: 'dot', fields: [token.text.slice(1), ...readFields(reader)] };
    case 'word':
      if (token.text === 'true' || token.text === 'false') return { kind: 'literal', value: token.text === 'true' };
      return token.text === 'nil' ? { kind: 'literal', value: undefined } : { kind: 'call', name: token.text };
    case 'mark': {
      if (token.text === '.') return { kind: 'dot', fields: [] };
      const pipeline = readPipeline(reader, depth + 1);
      if (!take(reader, ')')) throw new TemplateError('expected )');
      return { kind: 'nested', pipeline, fields: readFields(reader) };
    }
  }
}

function readFields(reader: Tokens): string[] {
  const fields: string[] = [];
  for (;;) {
    const token = reader.tokens[reader.at];
    if (token?.kind !== 'field' || !token.joined) return fields;
    fields.push(token.text.slice(1));
    reader.at++;
  }
}

function take(reader: Tokens, mark: string): boolean {
  const token = reader.tokens[reader.at];
  if (token?.kind !== 'mark' || token.text !== mark) return false;
  reader.at++;
  return true;
}

function unquote(text: string): string {
  if (text.startsWith('`')) return text.slice(1, -1);
  const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '"': '"', '\\': '\\', "'": "'" };
  return text.slice(1, -1).replaceAll(/\\(.)/gu, (_, character: string) => {
    const meant = escapes[character];
    if (meant === undefined) throw new TemplateError(`expected an escape that there is, got \\${character}`);
    return meant;
  });
}
