import axe from 'axe-core';
import { expect } from 'vitest';
import { define, elements } from '../define.ts';
import type { TarsierProvider } from '../elements/tarsier-provider/tarsier-provider.ts';
import { createFakeSource } from './fake-source.ts';
import { withoutShades } from './without-shades.ts';

/** Puts markup inside a provider of fake data; `end` takes it away again. */
export function mount<T extends keyof HTMLElementTagNameMap>(tag: T, attributes: Record<string, string> = {}) {
  define(elements);
  const fake = createFakeSource();
  const provider: TarsierProvider = document.createElement('tarsier-provider');
  provider.source = fake.source;
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  provider.append(element);
  document.body.append(provider);
  return { ...fake, element, provider, end: () => provider.remove() };
}

/** The only element of a shadow root that matches. */
export function part(element: Element, selector: string): HTMLElement {
  const found = element.shadowRoot?.querySelector<HTMLElement>(selector);
  if (!found) throw new Error(`${element.localName}: expected an element ${selector}`);
  return found;
}

/** Text as a person reads it: non-breaking spaces are spaces, runs of white space are one. */
export function shownText(element: Element): string {
  const text = [...(element.shadowRoot?.querySelectorAll('h3, li, .note, .badge, .message, .empty, .pill') ?? [])]
    .map((node) => node.textContent)
    .join(' ');
  return text.replaceAll(/\s+/gu, ' ').trim();
}

/** @param except  rules that are about what is around the element */
export async function expectAccessible(element: Element, ...except: readonly string[]): Promise<void> {
  const rules = Object.fromEntries(['region', ...except].map((rule) => [rule, { enabled: false }]));
  const shade = withoutShades(element);
  const { violations, incomplete } = await axe.run(element, { rules });
  shade();
  expect(violations.map(({ id, nodes }) => [id, nodes.map(({ failureSummary }) => failureSummary)])).toEqual([]);
  // Nor is there text above something else that hides its contrast from axe.
  const unseen = incomplete.filter(({ id }) => id === 'color-contrast').flatMap(({ nodes }) => nodes);
  expect(unseen.flatMap(({ any, html }) => (any.some(isAboveGradient) ? html : []))).toEqual([]);
}

function isAboveGradient({ data }: axe.CheckResult): boolean {
  return data?.messageKey === 'bgGradient';
}
