import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';

/** Ends this run's PostgreSQL, if a test started it, and removes its folder. */
export default async function teardown(): Promise<void> {
  const dir = process.env['YICI_TEST_POSTGRES'];
  if (!dir) return;
  const pid = postmaster(dir);
  if (pid) {
    // Immediate shutdown: the data is thrown away.
    process.kill(pid, 'SIGQUIT');
    for (let waited = 0; postmaster(dir) && waited < 10_000; waited += 50) await new Promise((r) => setTimeout(r, 50));
  }
  rmSync(dir, { recursive: true, force: true, maxRetries: 10 });
}

function postmaster(dir: string): number | undefined {
  try {
    const pid = Number(readFileSync(path.join(dir, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0]);
    process.kill(pid, 0);
    return pid;
  } catch {
    return undefined;
  }
}
