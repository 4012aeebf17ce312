// A data directory for one bench, its store opened beside the command that is measured, and the command itself.
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { readConfig } from '#libs/platform/config';
import { silentLogger } from '#libs/platform/logger';
import { projectRoot } from '#libs/platform/project-root';
import { openStore } from '#libs/store/open-store';

export function newBenchDir() {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'yici-bench-'));
  // PostgreSQL runs as another user when we are root.
  chmodSync(dir, 0o711);
  return dir;
}

export function removeBenchDir(dir) {
  rmSync(dir, { recursive: true, force: true, maxRetries: 10 });
}

export async function openBenchStore(dataDir) {
  return openStore(readConfig({}, { YICI_DATA_DIR: dataDir }), silentLogger);
}

/** Runs `yici … --json` and returns the object of its last line with the most memory that node and PostgreSQL held together. */
export async function runYici(args, dataDir) {
  const env = { ...process.env };
  delete env.DATABASE_URL;
  const child = spawn(process.execPath, [path.join(projectRoot(), 'dist/apps/cli/main.js'), ...args, '--json'], { stdio: ['ignore', 'pipe', 'inherit'], env });
  let out = '';
  let most = 0;
  child.stdout.setEncoding('utf8').on('data', (text) => { out += text; });
  const watch = setInterval(() => { most = Math.max(most, memoryMiB(child.pid, dataDir)); }, 250);
  const code = await new Promise((resolve) => child.on('close', resolve));
  clearInterval(watch);
  const line = out.trim().split('\n').at(-1);
  if (code !== 0) throw new Error(`yici ${args[0]} failed: ${line}`);
  return { result: JSON.parse(line), memoryMiB: most };
}

/** Proportional set size of node and of every process of the PostgreSQL in the data directory; 0 where /proc does not tell. */
function memoryMiB(pid, dataDir) {
  const pids = [pid];
  try {
    const postmaster = Number(readFileSync(path.join(dataDir, 'postgres/postmaster.pid'), 'utf8').split('\n')[0]);
    pids.push(postmaster, ...readFileSync(`/proc/${postmaster}/task/${postmaster}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number));
  } catch {
    // Not started yet, or no Linux: node alone is counted.
  }
  return Math.round(pids.reduce((sum, p) => sum + pssKiB(p), 0) / 1024);
}

function pssKiB(pid) {
  try {
    return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
