import { createComponent } from '@lit/react';
import type { EventName, ReactWebComponent } from '@lit/react';
import * as React from 'react';
import { TarsierProvider } from './elements/tarsier-provider/tarsier-provider.ts';
import { defineInPage } from './register.ts';

/** A React component of an element, which is registered with it. */
export function component<Element extends HTMLElement, Events extends Record<string, EventName | string>>(
  tagName: string,
  elementClass: new () => Element,
  events: Events,
): ReactWebComponent<Element, Events> {
  defineInPage([
    // First: the others ask it when they are upgraded.
    ['tarsier-provider', TarsierProvider],
    [tagName, elementClass],
  ]);
  return createComponent({ react: React, tagName, elementClass, events });
}
