/**
 * `pnpm pictures:web [FOLDER]`: each element as its story has it, in the light and the dark and on a phone, one PNG each.
 * Without a folder those that docs/web.md shows are made anew.
 */
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser } from 'playwright';
import { chromiumFlags, chromiumPath } from '../test/support/chromium.ts';
import { serveStories } from './web.ts';

const shapes = {
  light: { theme: 'light', width: 900 },
  dark: { theme: 'dark', width: 900 },
  phone: { theme: 'dark', width: 390 },
} as const;
type Shape = keyof typeof shapes;

const kept: readonly (readonly [tag: string, shape: Shape])[] = [
  ['tarsier-chart', 'light'],
  ['tarsier-health', 'light'],
  ['tarsier-heatmap', 'light'],
  ['tarsier-host-grid', 'light'],
  ['tarsier-budget', 'light'],
];

const [given] = process.argv.slice(2);
const folder = given ?? fileURLToPath(new URL('../docs/images/elements', import.meta.url));
await mkdir(folder, { recursive: true });
const stories = await serveStories();
const browser = await chromium.launch({ executablePath: await chromiumPath(), args: [...chromiumFlags] });
for (const shape of Object.keys(shapes) as Shape[]) await take(browser, shape);
await browser.close();
await stories.close();

async function take(of: Browser, shape: Shape): Promise<void> {
  const { theme, width } = shapes[shape];
  const page = await of.newPage({ viewport: { width, height: 900 }, locale: 'en-US', reducedMotion: 'reduce' });
  await page.goto(`${stories.url}?theme=${theme}`);
  await page.addStyleTag({ content: 'section { grid-template-columns: minmax(0, 1fr) }' });
  const elements = page.locator('[data-state="ready"] > tarsier-provider > *');
  await elements.first().waitFor();
  // What is drawn and loaded once it is seen.
  for (const element of await elements.all()) {
    const tag = await element.evaluate(({ localName }) => localName);
    if (given === undefined && !kept.some(([name, as]) => name === tag && as === shape)) continue;
    // One that has nothing to say takes no room.
    if (!(await element.isVisible())) continue;
    await element.scrollIntoViewIfNeeded();
    await page.waitForTimeout(600);
    await element.screenshot({ path: `${folder}/${tag.replace('tarsier-', '')}-${shape}.png` });
  }
  await page.close();
}
