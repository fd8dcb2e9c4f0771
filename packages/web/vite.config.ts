import { defineConfig } from 'vite';
import type { Plugin } from 'vite';
import { slimUplot } from './slim-uplot.ts';

// The tool wants a default export.
export default defineConfig({
  plugins: [slimUplot(), plainImports(), compactCss(), compactHtml()],
  // As it is read here it is made slim.
  optimizeDeps: { exclude: ['uplot'] },
  // What is served is the same whatever NODE_ENV says: a test run builds Lit's production code, too.
  resolve: { conditions: ['production', 'module', 'browser'] },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2024',
    // The page's policy allows nothing inline: every asset is a file, named by its content.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
});

/** What is loaded on demand has no styles of its own to wait for: it is imported as it is, without a helper of 1.3 kB. */
function plainImports(): Plugin {
  const helper = '\0vite/preload-helper.js';
  return {
    name: 'plain-imports',
    enforce: 'pre',
    apply: 'build',
    load: (id) => (id === helper ? 'export const __vitePreload = (load) => load();' : undefined),
  };
}

/** Styles without comments and white space; what stands in `${…}` has none to lose. */
function compactCss(): Plugin {
  return {
    name: 'compact-css',
    apply: 'build',
    transform(code, id) {
      if (!id.includes('/src/') || !/\bcss`/u.test(code)) return undefined;
      return code.replaceAll(
        /\bcss`([^`]*)`/gu,
        (_, css: string) =>
          `css\`${css
            .replaceAll(/\/\*[^*]*\*\//gu, '')
            .replaceAll(/\s+/gu, ' ')
            .replaceAll(/ ?([{};,]) ?/gu, '$1')
            .replaceAll(/: /gu, ':')}\``,
      );
    },
  };
}

/** Templates without the white space that sets them out: a line break and what surrounds it is a blank. */
function compactHtml(): Plugin {
  return {
    name: 'compact-html',
    apply: 'build',
    transform(code, id) {
      if (!id.includes('/src/') || !/\b(?:html|svg)`/u.test(code)) return undefined;
      let compact = code;
      // From the end: what stands before keeps its place.
      for (const { start, raw } of templateTexts(this.parse(code, { lang: 'ts' })).toSorted(
        (a, b) => b.start - a.start,
      )) {
        const at = compact.startsWith(raw, start) ? start : start + 1;
        compact = compact.slice(0, at) + raw.replaceAll(/\s*\n\s*/gu, ' ') + compact.slice(at + raw.length);
      }
      return compact;
    },
  };
}

interface TemplateText {
  readonly start: number;
  readonly raw: string;
}

/** The texts of all templates of Lit in a tree. */
function templateTexts(node: unknown): readonly TemplateText[] {
  if (typeof node !== 'object' || node === null) return [];
  const inner = Object.values(node).flatMap(templateTexts);
  const { type, tag, quasi } = node as {
    readonly type?: string;
    readonly tag?: { readonly name?: string };
    readonly quasi?: {
      readonly quasis: readonly { readonly start: number; readonly value: { readonly raw: string } }[];
    };
  };
  if (type !== 'TaggedTemplateExpression' || !/^(?:html|svg)$/u.test(tag?.name ?? '')) return inner;
  const own = (quasi?.quasis ?? []).map(({ start, value }) => ({ start, raw: value.raw }));
  return [...inner, ...own.filter(({ raw }) => raw.includes('\n'))];
}
