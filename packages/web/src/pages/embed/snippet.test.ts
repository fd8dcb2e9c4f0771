import { expect, test } from 'vitest';
import { markup, policy, snippet } from './snippet.ts';

test('what is typed cannot leave its attribute', () => {
  expect(markup('tarsier-chart', { query: 'up{a="b"} < 1 & x', label: '', range: '15m' })).toBe(
    '<tarsier-chart query="up{a=&quot;b&quot;} &lt; 1 &amp; x" range="15m"></tarsier-chart>',
  );
});

test('the snippet names the collector, and where a token comes from', () => {
  expect(snippet('https://ops.example', 'tarsier-stat', { query: 'up' })).toMatch(
    /src="https:\/\/ops\.example\/embed\/tarsier\.js"[^]*token-url=[^]*<tarsier-stat query="up">/u,
  );
  expect(policy('https://ops.example')).toContain('wss://ops.example');
});
