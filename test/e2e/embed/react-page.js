/** Somebody's page in React. */
import { TarsierChart, TarsierProvider } from '@tarsier/web/react';
import { createElement, useState } from 'react';
import { createRoot } from 'react-dom/client';

const { collector, tokenUrl } = globalThis.shop;
globalThis.cursors = [];

function Shop() {
  const [shown, setShown] = useState(true);
  globalThis.leave = () => setShown(false);
  if (!shown) return createElement('p', null, 'gone');
  return createElement(
    TarsierProvider,
    { src: collector, tokenUrl, range: '5m' },
    createElement(TarsierChart, {
      label: 'CPU',
      selector: 'cpu_busy_ratio{cpu="all"}',
      thresholds: [{ value: 0.9, label: 'busy' }],
      onTarsierCursor: ({ detail }) => globalThis.cursors.push(detail.values),
    }),
  );
}

createRoot(document.querySelector('#app')).render(createElement(Shop));
