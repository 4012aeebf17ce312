import { describe, expect, it } from '@jest/globals';
import { sqlOptions } from './sql-options.js';
import { SqlSockets } from './sql-sockets.js';

const CA = '-----BEGIN CERTIFICATE-----';
const options = (kind: Parameters<typeof sqlOptions>[0], url: string, ca?: string) => sqlOptions(kind, new URL(url), new SqlSockets(1000), ca);

describe('the options of a driver', () => {
  it('encrypt whatever the address says when an authority is named, and nobody else is believed', () => {
    expect(options('postgres', 'postgresql://u:p@h/d?sslmode=disable&sslrootcert=/x&application_name=a', CA)).toMatchObject({ url: 'postgres://u:p@h/d?application_name=a', ssl: { ca: CA, rejectUnauthorized: true } });
    expect(options('mysql', 'mysql://u:p@h/d', CA)).toMatchObject({ ssl: { ca: CA, rejectUnauthorized: true, verifyIdentity: true } });
    expect(options('mssql', 'mssql://u:p@h/d?encrypt=false', CA)).toMatchObject({ options: { encrypt: true, trustServerCertificate: false, cryptoCredentialsDetails: { ca: CA } } });
  });

  it('are as the address says when none is named', () => {
    expect(options('postgres', 'postgresql://u:p@h/d?sslmode=verify-full')).toMatchObject({ url: 'postgres://u:p@h/d?sslmode=verify-full' });
    expect(options('postgres', 'postgres://u:p@h/d')).not.toHaveProperty('ssl');
    expect(options('mysql', 'mysql://u:p@h/d')).not.toHaveProperty('ssl');
    expect(options('mysql', 'mysql://u:p@h/d?ssl=true')).toMatchObject({ ssl: { rejectUnauthorized: true, verifyIdentity: true } });
    expect(options('oracle', 'oracle://u:p%40@h:1522/d')).toEqual({ type: 'oracle', username: 'u', password: 'p@', connectString: 'h:1522/d' });
  });

  it('name no authority where the driver would not heed it', () => {
    expect(() => options('oracle', 'oracle://u:p@h/d', CA)).toThrow(expect.objectContaining({ code: 'YICI_CA_FILE_UNSUPPORTED' }));
  });
});
