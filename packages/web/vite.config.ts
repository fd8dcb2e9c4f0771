import { defineConfig } from 'vite';
import type { Plugin } from 'vite';

// The tool wants a default export.
export default defineConfig({
  plugins: [anyLocale(), plainImports(), compactCss()],
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

/**
 * uPlot makes a number format of `navigator.language` when it is imported. A browser in the C locale (a kiosk, a
 * container) says `en-US@posix` there, which is no language tag: the whole page would stay empty. We give uPlot our own
 * formats anyway.
 */
function anyLocale(): Plugin {
  const fragile = "new Intl.NumberFormat(domEnv ? nav.language : 'en-US')";
  return {
    name: 'any-locale',
    transform(code, id) {
      if (!id.includes('uPlot.esm.js')) return undefined;
      if (!code.includes(fragile)) throw new Error(`uPlot: expected ${fragile}; is this still needed?`);
      return code.replace(fragile, 'new Intl.NumberFormat()');
    },
  };
}
