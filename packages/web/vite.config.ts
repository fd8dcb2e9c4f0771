import { defineConfig } from 'vite';

// The tool wants a default export.
export default defineConfig({
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
