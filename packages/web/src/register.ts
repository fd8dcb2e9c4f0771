/** Registers what is not yet registered: a second copy of this code on a page leaves the first one in place. */
export function define(
  list: readonly (readonly [tag: string, element: CustomElementConstructor])[],
  registry: CustomElementRegistry = customElements,
): void {
  for (const [tag, element] of list) if (registry.get(tag) === undefined) registry.define(tag, element);
}

/** As {@link define}; on a server, where there is nothing to register with, it does nothing. */
export function defineInPage(list: readonly (readonly [tag: string, element: CustomElementConstructor])[]): void {
  if ('customElements' in globalThis) define(list);
}
