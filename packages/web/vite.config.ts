import { defineConfig } from 'vite';
import type { Plugin } from 'vite';

// The tool wants a default export.
export default defineConfig({
  plugins: [anyLocale()],
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
