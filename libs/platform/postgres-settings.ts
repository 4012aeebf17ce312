import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';

/** `postgres.json` in the data directory, readable by its owner only. */
interface PostgresSettings {
  port: number;
  password: string;
}

/** Reads it, or makes it with a new password; of two processes that start at once, the first one's stays. */
export function readPostgresSettings(dataDir: string): PostgresSettings {
  const file = path.join(dataDir, 'postgres.json');
  if (!existsSync(file)) {
    const draft = `${file}.${process.pid}.new`;
    writeFileSync(draft, JSON.stringify({ port: 0, password: randomBytes(24).toString('base64url') }), { mode: 0o600, flush: true });
    try {
      linkSync(draft, file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    } finally {
      unlinkSync(draft);
    }
  }
  return JSON.parse(readFileSync(file, 'utf8')) as PostgresSettings;
}

/** The port of last time when it is free, else a free one, which is kept. */
export async function choosePort(dataDir: string): Promise<number> {
  const settings = readPostgresSettings(dataDir);
  if (settings.port > 0 && (await bind(settings.port))) return settings.port;
  const port = await bind(0);
  if (!port) throw new Error('no free port on 127.0.0.1');
  const file = path.join(dataDir, 'postgres.json');
  writeFileSync(`${file}.${process.pid}.new`, JSON.stringify({ ...settings, port }), { mode: 0o600, flush: true });
  renameSync(`${file}.${process.pid}.new`, file);
  return port;
}

function bind(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const bound = (server.address() as net.AddressInfo).port;
      server.close(() => resolve(bound));
    });
  });
}
