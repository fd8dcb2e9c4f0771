const takesKeys = 'input, textarea, select, dialog, [contenteditable], [role=application], [role=listbox], [role=menu]';

/** The key of an event that is meant for the page; undefined while something that takes keys itself has the focus. */
export function keyTarget(event: KeyboardEvent): string | undefined {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return undefined;
  const taken = event.composedPath().some((node) => node instanceof Element && node.matches(takesKeys));
  return taken ? undefined : event.key;
}
