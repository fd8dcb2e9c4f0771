import { newRuleSchema, ruleLabSchema, type Rule } from '@tarsier/protocol/api';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { define } from '../../define.ts';
import { de } from '../../i18n/policies/de.ts';
import { policyWords } from '../../i18n/policies/words.ts';
import '../../styles/page.css';
import { expectAccessible, mount, part } from '../../testing/mount.ts';
import { LabResult } from './lab-result.ts';
import { RuleList } from './rule-list.ts';

define([
  ['tarsier-lab-result', LabResult],
  ['tarsier-rule-list', RuleList],
]);
policyWords.add('de', de);

let end = (): void => undefined;
afterEach(() => end());
beforeEach(() => {
  vi.spyOn(globalThis, 'confirm').mockReturnValue(true);
});

const rule = (id: string, body: object): Rule => ({ ...newRuleSchema.parse(body), id });
const rules: readonly Rule[] = [
  rule('t', { kind: 'threshold', name: 'Disk', selector: 'disk_used_ratio', op: '>', value: 0.9, clear: 0.85 }),
  rule('e', { kind: 'expression', name: 'Slow', expr: 'up == 0', everyMs: 60_000, runbookUrl: '/runbooks/slow' }),
  rule('a', { kind: 'anomaly', name: 'Odd', selector: 'cpu_busy_ratio', minScore: 6, enabled: false }),
  rule('n', { kind: 'no-data', name: 'Gone' }),
  rule('f', {
    kind: 'forecast',
    ...{ name: 'Full soon', selector: 'disk_used_ratio', op: '>', limit: 0.98, horizonMs: 21_600_000 },
    ...{ confidence: 0.95, clearConfidence: 0.5, historyMs: 86_400_000 },
  }),
  rule('c', {
    kind: 'composite',
    ...{ name: 'Sick', condition: { all: [{ rule: 'Disk' }, { not: { rule: 'Full soon' } }] }, by: ['host'] },
  }),
];

async function open(lang = 'en') {
  const mounted = mount('tarsier-rule-list', { lang });
  end = mounted.end;
  mounted.answers.set('/v1/rules', { rules });
  mounted.answers.set('/v1/rule-evaluations', {
    evaluations: {
      e: { health: 'err', lastError: 'too many series', evaluationMs: 9, missed: 3, missedAt: Date.now() - 60_000 },
    },
  });
  const missed = { evaluationMs: 1, missed: 7, missedAt: Date.now() - 3_600_000 };
  mounted.answers.set('/v1/rule-files', {
    files: [
      { name: 'node.yaml', updatedAt: 0, groups: [{ name: 'g', intervalMs: 1, rules: 9, failing: 2, ...missed }] },
    ],
  });
  const { element } = mounted;
  await expect.poll(() => element.shadowRoot?.querySelectorAll('.card').length).toBe(2);
  return {
    ...mounted,
    text: () => (element.shadowRoot?.textContent ?? '').replaceAll(/\s+/gu, ' ').trim(),
    said: () => part(element, 'p[role=status]').textContent.trim(),
    sent(what: string): unknown {
      const request = mounted.asked.findLast((line) => line.startsWith(what)) ?? '';
      return JSON.parse(request.slice(request.indexOf('{')));
    },
    async press(name: string) {
      const found = [...(element.shadowRoot?.querySelectorAll('button') ?? [])].find(
        (button) => (button.getAttribute('aria-label') ?? button.textContent.trim()) === name,
      );
      if (found === undefined) throw new Error(`there is no button ${name}`);
      found.click();
      await element.updateComplete;
    },
    fill: (field: string, value: string) => userEvent.fill(part(element, `form [name="${field}"]`), value),
  };
}

test('rules are listed with what they look at, and with evaluations that failed or were left out', async () => {
  const { text, element } = await open();
  expect(text()).toContain('6 rules');
  expect(text()).toContain('Disk and not "Full soon"');
  await expect
    .poll(text)
    .toMatch(
      /Slow .*can not be evaluated: too many series .*can not keep its pace: 3 evaluations left out, last .* Odd/u,
    );
  expect(text()).toMatch(/node\.yaml g, 9 rules 2 failing can not keep its pace: 7 evaluations left out/u);
  await expectAccessible(element);
});

test.each(rules.map((one) => [one.name, one] as const))(
  '%s is changed in a form: what is not touched stays as it was',
  async (name, { id, ...before }) => {
    const { press, fill, said, sent, element } = await open();
    await press(`Edit ${name}`);
    await fill('name', `${name} 2`);
    await expectAccessible(element);
    await press('Save');
    await expect.poll(said).toBe(`${name} 2 is saved.`);
    expect(newRuleSchema.parse(sent(`PUT /v1/rules/${id} `))).toEqual({ ...before, name: `${name} 2` });
  },
);

test('a changed bound is tried on the past, and the place of the slider is the one that is saved', async () => {
  const { press, fill, text, said, sent, answers, element } = await open();
  await press('Edit Disk');
  await fill('value', '0.8');
  await fill('clear', '0.7');
  const none = { fired: 0, incidents: 0, pages: [], pagesInRealIncidents: 0, missedIncidents: [], unsent: [] };
  answers.set('/v1/rule-lab', { trials: [0.72, 0.8, 0.88].map((value) => ({ ...none, value })) });
  await press('Try on the last day');
  await expect.poll(() => element.shadowRoot?.querySelector('tarsier-lab-result')).toBeTruthy();
  const lab = part(element, 'tarsier-lab-result');
  await expect.poll(() => part(lab, 'output').textContent).toBe('> 0.8');
  expect(ruleLabSchema.parse(sent('POST /v1/rule-lab')).rule).toMatchObject({ expr: 'disk_used_ratio', op: '>' });
  const slider = part(lab, 'input') as HTMLInputElement;
  slider.value = '2';
  slider.dispatchEvent(new InputEvent('input'));
  await press('Save');
  await expect.poll(said).toBe('Disk is saved.');
  expect(sent('PUT /v1/rules/t ')).toMatchObject({ value: 0.88, clear: 0.7 });
  expect(text()).not.toContain('Change Disk');
});

test('a rule over others is made from a condition as one says it; one that can not be read is refused here', async () => {
  const { press, fill, said, sent, element } = await open();
  await press('New rule of any kind');
  await userEvent.selectOptions(part(element, '[name=kind]'), 'composite');
  await fill('name', 'Both');
  await fill('condition', 'Disk and');
  await press('Save');
  await expect.poll(said).toContain('Condition: expected names of rules');
  await fill('condition', 'Disk and (Slow or "Full soon")');
  await fill('by', '');
  await press('Save');
  await expect.poll(said).toBe('Both is saved.');
  expect(sent('POST /v1/rules ')).toMatchObject({
    ...{ kind: 'composite', by: [], enabled: true },
    condition: { all: [{ rule: 'Disk' }, { any: [{ rule: 'Slow' }, { rule: 'Full soon' }] }] },
  });
});

test('the form of each kind is no wider than a small phone, in German', async () => {
  await page.viewport(320, 700);
  const { press, element } = await open('de');
  await press('Neue Regel jeder Art');
  for (const { kind } of rules) {
    await userEvent.selectOptions(part(element, '[name=kind]'), kind);
    expect(document.documentElement.scrollWidth).toBeLessThanOrEqual(320);
  }
  await page.viewport(800, 600);
});
