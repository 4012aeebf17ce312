import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { loadConnector } from '#libs/connector-sdk/load-connector';
import { openRemoteFolder } from '#libs/connector-sdk/protocols/file-open';
import type { FileFetchSpec } from '#libs/connector-sdk/protocols/file-specs';
import { openSqlSource } from '#libs/connector-sdk/protocols/sql-source';
import { SqlExchangeSource } from '#libs/connector-sdk/protocols/sql-exchange';
import type { SqlExchangeSpec } from '#libs/connector-sdk/protocols/sql-specs';
import { systemClock } from '#libs/kernel/clock';
import { projectRoot } from '#libs/platform/project-root';
import { Faults } from '#libs/synthetic/simulators/faults';
import { FtpServer } from '#libs/synthetic/simulators/ftp-server';
import { Divisions } from '#libs/values/divisions';
import { makeCertificates, type Certificates } from '#test/support/certificates';
import { MariadbServer, noMariadb } from '#test/support/mariadb-server';
import { createTestDatabase, type TestDatabase } from '#test/support/test-database';
import { TlsFront } from '#test/support/tls-front';

// Offices sign their own certificates: by `caFile` a system's folder names who did, and the hub trusts nobody else there, whatever Node trusts.
jest.setTimeout(120_000);

const KINDS = ['good', 'stranger', 'otherHost', 'expired'] as const;
const HOSTS = ['127.0.0.1'];
const connector = (id: string) => loadConnector(path.join(projectRoot(), 'connectors', id));

let dir: string;
let shown: Certificates;
let otherAuthority: string;
let db: TestDatabase;

beforeAll(async () => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'yici-authority-'));
  shown = makeCertificates(dir);
  mkdirSync(path.join(dir, 'other'));
  otherAuthority = makeCertificates(path.join(dir, 'other')).authority;
  db = await createTestDatabase();
});
afterAll(async () => {
  await db.drop();
  rmSync(dir, { recursive: true });
});

describe('an exchange database in PostgreSQL', () => {
  let front: TlsFront;
  const hukou = connector('hukou');
  const spec: SqlExchangeSpec = { ...(hukou.manifest.live[0] as SqlExchangeSpec), caFile: 'YICI_HUKOU_CA_FILE', schema: 'public' };
  const poll = async (caFile: string | undefined, parameters = ''): Promise<void> => {
    const url = Object.assign(new URL(db.ownerUrl), { port: String(front.port), search: parameters }).href;
    const secrets: Record<string, string | undefined> = { [spec.urlSecret]: url, YICI_HUKOU_CA_FILE: caFile };
    const source = new SqlExchangeSource(hukou, spec, { secret: (name) => secrets[name], clock: systemClock, divisions: Divisions.parse('code,name,level,parent,valid_from,valid_to,successor\n') });
    try {
      for await (const batch of source.poll(new Map())) expect(batch.channel).toMatch(/^sql:/);
    } finally {
      await source.close();
    }
  };

  beforeAll(async () => {
    front = await TlsFront.before(db.ownerUrl, 'postgres', shown.good);
    await db.asOwner(async (c) => {
      for (const t of hukou.manifest.snapshot.tables) await c.query(`create table "${t.id}" (${t.read.columns.map((column) => `"${String(column)}" ${String(column) === 'RYNBID' ? 'bigint' : 'text'}`).join(', ')})`);
    });
  });
  afterAll(() => front.stop());

  it.each(['', '?sslmode=verify-full', '?sslmode=disable', '?sslmode=no-verify'])('is read encrypted by whom its authority signed, though its address says "%s"', async (parameters) => {
    front.show(shown.good);
    await poll(shown.authority, parameters);
    expect(front.said).toBeGreaterThan(0);
  });

  it.each(KINDS.slice(1))('is refused when its certificate is of %s, and hears nothing', async (kind) => {
    front.show(shown[kind]);
    for (const parameters of ['', '?sslmode=no-verify']) await expect(poll(shown.authority, parameters)).rejects.toMatchObject({ code: 'YICI_CERTIFICATE_REFUSED' });
    expect(front.said).toBe(0);
  });

  it('is refused when another authority signed, and when none is named', async () => {
    front.show(shown.good);
    await expect(poll(otherAuthority)).rejects.toMatchObject({ code: 'YICI_CERTIFICATE_REFUSED' });
    await expect(poll(undefined, '?sslmode=verify-full')).rejects.toMatchObject({ code: 'YICI_CERTIFICATE_REFUSED' });
    expect(front.said).toBe(0);
  });

  it('says which setting is wrong when the file is no certificate', async () => {
    writeFileSync(path.join(dir, 'empty.pem'), 'nothing');
    for (const file of ['empty.pem', 'none.pem']) await expect(poll(path.join(dir, file))).rejects.toMatchObject({ code: 'YICI_CA_FILE_UNREADABLE' });
  });

  it('that answers through TLS without end is cut as well', async () => {
    front.show(shown.good);
    const source = await openSqlSource({ url: Object.assign(new URL(db.ownerUrl), { port: String(front.port) }).href, schema: 'public', allowedHosts: HOSTS, as: 'source', ca: readFileSync(shown.authority, 'utf8') });
    try {
      await expect(source.read({ text: "select repeat('x', 150 * 1024 * 1024)", values: [] })).rejects.toMatchObject({ code: 'EMSGSIZE' });
    } finally {
      await source.close();
    }
  });
});

const withMariadb = noMariadb === undefined ? describe : describe.skip;
withMariadb('an exchange database in MariaDB', () => {
  it('is read by whom its authority signed for its host, and refused otherwise', async () => {
    for (const kind of KINDS) {
      const files = { key: path.join(dir, `m-${kind}.key`), cert: path.join(dir, `m-${kind}.pem`) };
      writeFileSync(files.key, shown[kind].key);
      writeFileSync(files.cert, shown[kind].cert);
      const server = await MariadbServer.start({ tls: files });
      try {
        const url = await server.database('exchange');
        const open = (file: string) => openSqlSource({ url, schema: '', allowedHosts: HOSTS, as: 'source', ca: readFileSync(file, 'utf8') });
        if (kind === 'good') {
          const source = await open(shown.authority);
          expect((await source.read({ text: "show status like 'Ssl_version'", values: [] }))[0]!['Value']).toMatch(/^TLS/);
          await expect(source.read({ text: "select repeat('x', 150 * 1024 * 1024)", values: [] })).rejects.toMatchObject({ code: 'EMSGSIZE' });
          await source.close();
          await expect(open(otherAuthority)).rejects.toMatchObject({ code: 'YICI_CERTIFICATE_REFUSED' });
        } else await expect(open(shown.authority).then((s) => s.close())).rejects.toMatchObject({ code: 'YICI_CERTIFICATE_REFUSED' });
      } finally {
        await server.stop();
      }
    }
  });
});

describe('a file server over FTPS', () => {
  const account = { user: 'hub', password: 'p4ssword-of-a-test' };
  const family = connector('family-planning');
  const spec: FileFetchSpec = { ...(family.manifest.live.find((l) => l.protocol === 'file-fetch') as FileFetchSpec), transport: 'ftp', folder: '.', caFile: 'YICI_FAMILY_PLANNING_CA_FILE' };
  const server = (kind: (typeof KINDS)[number]) => FtpServer.start({ root: path.join(dir, 'files'), ...account, faults: new Faults(), tls: shown[kind] });
  const read = async (port: number, caFile: string | undefined): Promise<string> => {
    const secrets: Record<string, string | undefined> = { [spec.urlSecret]: `ftps://${account.user}:${account.password}@127.0.0.1:${port}`, YICI_FAMILY_PLANNING_CA_FILE: caFile };
    const folder = openRemoteFolder(family, spec, (name) => secrets[name], 'source');
    try {
      return String(await folder.read('a.txt', 100));
    } finally {
      await folder.close();
    }
  };

  beforeAll(() => {
    mkdirSync(path.join(dir, 'files'));
    writeFileSync(path.join(dir, 'files/a.txt'), 'whole');
  });

  it.each(KINDS)('is read, names and contents, when its certificate is %s: only by whom its authority signed for its host', async (kind) => {
    const ftp = await server(kind);
    try {
      if (kind === 'good') {
        expect(await read(ftp.port, shown.authority)).toBe('whole');
        for (const other of [otherAuthority, undefined]) await expect(read(ftp.port, other)).rejects.toMatchObject({ code: 'YICI_FILE_CERTIFICATE_WRONG' });
      } else await expect(read(ftp.port, shown.authority)).rejects.toMatchObject({ code: 'YICI_FILE_CERTIFICATE_WRONG' });
    } finally {
      await ftp.stop();
    }
  });

  it('says which setting is wrong when the file is no certificate', async () => {
    await expect(read(1, path.join(dir, 'none.pem'))).rejects.toMatchObject({ code: 'YICI_CA_FILE_UNREADABLE' });
  });
});
