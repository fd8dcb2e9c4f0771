/** `stories.html#chart`: an element in all of its states; without a name, all of them. */
import { de as deAlerts } from '../i18n/alerts/de.ts';
import { alertWords } from '../i18n/alerts/words.ts';
import { de as deChartTools } from '../i18n/chart-tools/de.ts';
import { chartToolWords } from '../i18n/chart-tools/words.ts';
import { de } from '../i18n/de.ts';
import { de as deFleet } from '../i18n/fleet/de.ts';
import { fleetWords } from '../i18n/fleet/words.ts';
import { de as deModels } from '../i18n/models/de.ts';
import { modelWords } from '../i18n/models/words.ts';
import { words } from '../i18n/words.ts';
import '../styles/page.css';
import './page.css';
import { show, states, statesOf, stories } from './stories.ts';

words.add('de', de);
fleetWords.add('de', { ...de, ...deFleet });
chartToolWords.add('de', deChartTools);
alertWords.add('de', deAlerts);
modelWords.add('de', deModels);

const parameters = new URLSearchParams(location.search);
document.documentElement.style.colorScheme = parameters.get('theme') ?? 'light dark';
document.documentElement.lang = parameters.get('lang') ?? 'en';

function draw(): void {
  const wanted = location.hash.slice(1);
  const shown = stories.filter(({ tag }) => wanted === '' || tag === `tarsier-${wanted}`);
  const main = document.createElement('main');
  main.append(links());
  for (const story of shown) {
    const section = document.createElement('section');
    section.append(heading('h2', story.tag));
    for (const state of states.filter((state) => statesOf(story).includes(state))) {
      const figure = document.createElement('div');
      figure.dataset['state'] = state;
      figure.append(heading('h3', state), show(story, state));
      section.append(figure);
    }
    main.append(section);
  }
  document.body.replaceChildren(main);
}

function links(): HTMLElement {
  const nav = document.createElement('nav');
  nav.setAttribute('aria-label', 'Elements');
  for (const { tag } of stories) {
    const link = document.createElement('a');
    link.href = `#${tag.replace('tarsier-', '')}`;
    link.textContent = tag;
    nav.append(link);
  }
  return nav;
}

function heading(level: 'h2' | 'h3', text: string): HTMLElement {
  const element = document.createElement(level);
  element.textContent = text;
  return element;
}

globalThis.addEventListener('hashchange', draw);
draw();
