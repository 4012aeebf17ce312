import { mkdtempSync, chmodSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/**
 * Names the folder of this run's PostgreSQL. The server itself is started by the first test that needs a database
 * (test-database.ts): jest loads this file without its own module resolution, so it can import nothing of ours.
 */
export default function setup(): void {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'yici-test-'));
  chmodSync(dir, 0o711);
  process.env['YICI_TEST_POSTGRES'] = dir;
}
