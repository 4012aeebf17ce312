import net from 'node:net';
import pg from 'pg';
import type { DataSourceOptions } from 'typeorm';
import { YiciError } from '#libs/kernel/errors';
import { PostgresClient } from '#libs/platform/postgres-client';
import type { SqlKind } from './sql-dialect.js';
import type { SqlSockets } from './sql-sockets.js';

const CONNECT_MS = 10_000;
/** Types whose text is what the table's owner sees; the driver's own objects would lose it. */
const TIMES = new Set([1082, 1083, 1114, 1184, 1266]);
const MYSQL_PORT = 3306;

/**
 * How the driver of each database is told where to go. `ca`: the office's own authority in PEM; then the connection is encrypted, whatever
 * the URL says, and nobody else vouches for the server. Throws YICI_CA_FILE_UNSUPPORTED.
 */
export function sqlOptions(kind: SqlKind, url: URL, sockets: SqlSockets, ca: string | undefined): DataSourceOptions {
  const at = {
    host: url.hostname, ...(url.port !== '' && { port: Number(url.port) }), username: decodeURIComponent(url.username), password: decodeURIComponent(url.password),
    database: decodeURIComponent(url.pathname.slice(1)),
  };
  switch (kind) {
    case 'postgres': {
      const types = { getTypeParser: (oid: number, format?: string) => (TIMES.has(oid) ? (text: string) => text : pg.types.getTypeParser(oid, format as 'text')) };
      return {
        type: 'postgres', url: ca === undefined ? postgresUrl(url) : withoutTls(url), applicationName: 'yici-exchange', connectTimeoutMS: CONNECT_MS, ...(ca !== undefined && { ssl: { ca, rejectUnauthorized: true } }),
        extra: { Client: PostgresClient, max: 2, stream: () => sockets.watch(new net.Socket()), types },
      };
    }
    case 'mysql': {
      const tls = ca !== undefined || url.searchParams.get('ssl') === 'true';
      return {
        // Without `verifyIdentity` the driver takes the certificate of any host.
        type: 'mysql', ...at, charset: 'utf8mb4', dateStrings: true, connectTimeout: CONNECT_MS, ...(tls && { ssl: { rejectUnauthorized: true, verifyIdentity: true, ...(ca !== undefined && { ca }) } }),
        extra: { connectionLimit: 2, stream: () => sockets.watch(named(net.connect(at.port ?? MYSQL_PORT, at.host), at.host)) },
      };
    }
    case 'oracle':
      if (ca !== undefined) throw unsupported();
      return { type: 'oracle', username: at.username, password: at.password, connectString: `${at.host}:${at.port ?? 1521}/${at.database}` };
    case 'mssql':
      return { type: 'mssql', ...at, options: { encrypt: ca !== undefined || url.searchParams.get('encrypt') !== 'false', ...(ca !== undefined && { trustServerCertificate: false, cryptoCredentialsDetails: { ca } }) } };
  }
}

/** TLS over a socket checks the certificate against the name that the socket knows of its peer; of one that was opened by address Node keeps none, and would ask for localhost. */
function named(socket: net.Socket, host: string): net.Socket {
  return Object.assign(socket, { _host: host });
}

function postgresUrl(url: URL): string {
  return url.href.replace(/^postgresql:/, 'postgres:');
}

/** What the URL says of TLS would stand before what the options say. */
function withoutTls(url: URL): string {
  const bare = new URL(url.href);
  for (const name of [...bare.searchParams.keys()]) if (name.startsWith('ssl') || name === 'uselibpqcompat') bare.searchParams.delete(name);
  return postgresUrl(bare);
}

function unsupported(): YiciError {
  return new YiciError({
    code: 'YICI_CA_FILE_UNSUPPORTED', stage: 'config', message: 'An authority of the office\'s own cannot be named for an Oracle database.',
    fix: 'Take caFile out of connector.yaml, or unset its variable; put the certificate into the wallet of the Oracle client.',
  });
}
