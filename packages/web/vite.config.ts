import { defineConfig } from 'vite';

// The tool wants a default export.
export default defineConfig({
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
