/** Fills in the labels and annotations of alerting rules. */
import { describeError, type Labels } from '@tarsier/protocol';
import { sortedEntries } from '../sorted-entries.ts';
import { at, functions } from './functions.ts';
import { parseTemplate, type Node, type Operand, type Pipeline } from './syntax.ts';
import { TemplateError } from './template-error.ts';
import { isList, isTrue, show, type TemplateSample, type Value } from './value.ts';

export interface TemplateData {
  readonly labels: Labels;
  readonly value: number;
  /** Where people open the page. */
  readonly externalUrl: string;
  /** What all alerts of the collector have in common; nothing unless given. */
  readonly externalLabels?: Labels;
  readonly query: (expr: string) => Promise<readonly TemplateSample[]>;
}

const maxLength = 20_000;
/** Nodes that are written: nested ranges must not go on for ever. */
const maxSteps = 20_000;

/** @returns what is wrong with a template, if anything is */
export function templateError(text: string): string | undefined {
  try {
    checkCalls(parseTemplate(text));
    return undefined;
  } catch (error) {
    return describeError(error);
  }
}

/** As Prometheus: one that can't be filled in says so in its place. */
export async function expandTemplate(text: string, data: TemplateData): Promise<string> {
  if (!text.includes('{{')) return text;
  try {
    return await new Filling(data).fill(parseTemplate(text));
  } catch (error) {
    return `<error expanding template: ${describeError(error)}>`;
  }
}

class Filling {
  readonly #data: TemplateData;
  #text = '';
  #steps = 0;

  constructor(data: TemplateData) {
    this.#data = data;
  }

  async fill(nodes: readonly Node[]): Promise<string> {
    const { labels, value, externalUrl, externalLabels = {} } = this.#data;
    const dot: Value = { Labels: labels, ExternalLabels: externalLabels, ExternalURL: externalUrl, Value: value };
    const variables = new Map<string, Value>([
      ['$', dot],
      ['$labels', labels],
      ['$externalLabels', externalLabels],
      ['$externalURL', externalUrl],
      ['$value', value],
    ]);
    await this.#write(nodes, dot, variables);
    return this.#text;
  }

  async #write(nodes: readonly Node[], dot: Value, outer: ReadonlyMap<string, Value>): Promise<void> {
    const variables = new Map(outer);
    for (const node of nodes) {
      if (++this.#steps > maxSteps || this.#text.length > maxLength) throw new TemplateError('expected less to write');
      if (node.kind === 'text') {
        this.#text += node.text;
        continue;
      }
      const value = await this.#evaluate(node.pipeline, dot, variables);
      if (node.kind === 'print') {
        if (node.pipeline.assigns === undefined) this.#text += show(value);
      } else if (node.kind === 'range') await this.#range(node, value, dot, variables);
      else if (isTrue(value)) await this.#write(node.body, node.kind === 'with' ? value : dot, variables);
      else await this.#write(node.otherwise, dot, variables);
    }
  }

  async #range(
    { names, body, otherwise }: Extract<Node, { kind: 'range' }>,
    value: Value,
    dot: Value,
    variables: ReadonlyMap<string, Value>,
  ): Promise<void> {
    const entries: readonly (readonly [Value, Value])[] = isList(value)
      ? value.map((one, index) => [index, one] as const)
      : typeof value === 'object'
        ? sortedEntries(value)
        : [];
    if (entries.length === 0) return this.#write(otherwise, dot, variables);
    for (const [key, one] of entries) {
      const within = new Map(variables);
      const [first, second] = names;
      if (second !== undefined) within.set(second, one);
      if (first !== undefined) within.set(first, second === undefined ? one : key);
      await this.#write(body, one, within);
    }
  }

  async #evaluate({ commands, assigns }: Pipeline, dot: Value, variables: Map<string, Value>): Promise<Value> {
    let piped: readonly Value[] = [];
    for (const command of commands) piped = [await this.#command(command, piped, dot, variables)];
    if (assigns !== undefined) variables.set(assigns, piped[0]);
    return piped[0];
  }

  async #command(
    [first, ...others]: readonly Operand[],
    piped: readonly Value[],
    dot: Value,
    variables: Map<string, Value>,
  ): Promise<Value> {
    if (first === undefined) return undefined;
    if (first.kind !== 'call') {
      if (others.length + piped.length > 0) throw new TemplateError('expected a function before its arguments');
      return this.#operand(first, dot, variables);
    }
    const given: Value[] = [];
    for (const other of others) given.push(await this.#operand(other, dot, variables));
    return this.#call(first.name, [...given, ...piped]);
  }

  async #operand(operand: Operand, dot: Value, variables: Map<string, Value>): Promise<Value> {
    switch (operand.kind) {
      case 'literal':
        return operand.value;
      case 'dot':
        return field(dot, operand.fields);
      case 'variable':
        if (!variables.has(operand.name)) throw new TemplateError(`undefined variable "${operand.name}"`);
        return field(variables.get(operand.name), operand.fields);
      case 'nested':
        return field(await this.#evaluate(operand.pipeline, dot, variables), operand.fields);
      case 'call':
        return this.#call(operand.name, []);
    }
  }

  async #call(name: string, values: readonly Value[]): Promise<Value> {
    if (name === 'externalURL') return this.#data.externalUrl;
    if (name === 'query') {
      const [expr] = values;
      if (typeof expr !== 'string') throw new TemplateError('query: expected a text');
      const samples = await this.#data.query(expr);
      return samples.map((sample): Value => ({ ...sample }));
    }
    const found = Object.hasOwn(functions, name) ? functions[name] : undefined;
    if (found === undefined) throw new TemplateError(`function "${name}" not defined`);
    return found(...values);
  }
}

/** A label that there is not is the empty text, as in Go's map of texts. */
function field(of: Value, names: readonly string[]): Value {
  let found = of;
  for (const name of names) {
    const isTexts =
      typeof found === 'object' && !isList(found) && Object.values(found).every((value) => typeof value === 'string');
    found = at(found, name) ?? (isTexts ? '' : undefined);
  }
  return found;
}

function checkCalls(nodes: readonly Node[]): void {
  for (const node of nodes) {
    if (node.kind === 'text') continue;
    checkPipeline(node.pipeline);
    if (node.kind === 'print') continue;
    checkCalls(node.body);
    checkCalls(node.otherwise);
  }
}

function checkPipeline({ commands }: Pipeline): void {
  for (const operand of commands.flat()) {
    if (operand.kind === 'nested') checkPipeline(operand.pipeline);
    if (operand.kind !== 'call' || operand.name === 'query' || operand.name === 'externalURL') continue;
    if (!Object.hasOwn(functions, operand.name)) throw new TemplateError(`function "${operand.name}" not defined`);
  }
}
