import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { run } from './run.ts';
import { isRunning } from '../testing-servers.ts';

const node = process.execPath;
const timeoutMs = 20_000;

test('what a program says on both streams comes back with its exit code', async () => {
  const script = 'console.log("one"); console.error("two"); process.exitCode = 3';
  expect(await run(node, ['-e', script], { timeoutMs })).toEqual({ exitCode: 3, stdout: 'one\n', stderr: 'two\n' });
});

test('it sees its input and only the environment that it was given', async () => {
  const script = 'process.stdin.pipe(process.stdout); console.error(Object.keys(process.env).join())';
  const { stdout, stderr } = await run(node, ['-e', script], { timeoutMs, input: 'hello', env: { ONLY: '1' } });
  expect([stdout, stderr]).toEqual(['hello', 'ONLY\n']);
});

test('no shell reads its arguments', async () => {
  const { stdout } = await run(node, ['-p', 'process.argv[1]', '$(id); echo'], { timeoutMs });
  expect(stdout).toBe('$(id); echo\n');
});

test('one that takes too long is ended together with what it started', async () => {
  const script = `
    const { spawn } = require('node:child_process');
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    require('node:fs').writeFileSync(process.env.PID_FILE, String(child.pid));
    setInterval(() => {}, 1000);`;
  const folder = mkdtempSync(join(tmpdir(), 'tarsier-run-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'pid');
  const started = run(node, ['-e', script], { timeoutMs: 3_000, env: { PID_FILE: file } });
  await expect(started).rejects.toThrow('no end within 3000 ms');
  const child = Number(readFileSync(file, 'utf8'));
  await expect.poll(() => isRunning(child), { timeout: 10_000 }).toBe(false);
});

test('one that says too much, and one that there is not, are errors that say so', async () => {
  const loud = run(node, ['-e', 'process.stdout.write("x".repeat(5000))'], { timeoutMs, maxOutputBytes: 1000 });
  await expect(loud).rejects.toThrow('more than 1000 bytes of output');
  await expect(run('/no/such/program', [], { timeoutMs })).rejects.toThrow('/no/such/program can not be run');
});
