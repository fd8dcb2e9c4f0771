import { existsSync } from 'node:fs';
import chromium from '@sparticuz/chromium';

const installed = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** An installed Chromium, or the one that npm brought: unpacked on first use. */
export async function chromiumPath(): Promise<string> {
  return installed.find((path) => existsSync(path)) ?? chromium.executablePath();
}

/** Runs as root and without a GPU, and asks nobody on the network. */
export const chromiumFlags: readonly string[] = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
