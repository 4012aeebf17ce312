import { describe, expect, it } from '@jest/globals';
import { sqlError, sqlFault, type SqlFault } from './sql-fault.js';

describe('errors of databases', () => {
  it.each<[string, object, SqlFault]>([
    ['PostgreSQL: no such column', { code: '42703' }, 'drift'], ['MariaDB: no such table', { code: 'ER_NO_SUCH_TABLE' }, 'drift'], ['Oracle: no such table', { errorNum: 942 }, 'drift'],
    ['SQL Server: no such column', { number: 207, code: 'EREQUEST' }, 'drift'], ['PostgreSQL: may not', { code: '42501' }, 'forbidden'], ['MariaDB: password', { code: 'ER_ACCESS_DENIED_ERROR' }, 'login'],
    ['SQL Server: a row twice', { number: 2627, code: 'EREQUEST' }, 'duplicate'], ['Oracle: too wide', { errorNum: 12899 }, 'value'], ['TLS', { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }, 'certificate'],
    ['an answer without end', { code: 'EMSGSIZE' }, 'large'], ['a cut connection', { code: 'ECONNRESET' }, 'away'], ['nothing known', {}, 'away'],
  ])('%s', (_what, error, fault) => {
    expect(sqlFault({ driverError: error })).toBe(fault);
    expect(sqlFault(error)).toBe(fault);
  });

  it('are told without what the database quotes, with its code', () => {
    const cause = Object.assign(new Error('Key (XM)=(李秀英) already exists'), { code: '23505', query: 'insert …', parameters: ['李秀英'] });
    const told = sqlError(cause, 'target');
    expect(told).toMatchObject({ code: 'YICI_TARGET_DUPLICATE', stage: 'sending', retriable: true, message: 'The exchange database has this row already (23505).' });
    expect(told.cause).toBeUndefined();
  });

  it('stop a reader only where what was agreed has changed', () => {
    expect(sqlError({ code: '42P01' }, 'source')).toMatchObject({ code: 'YICI_SNAPSHOT_SCHEMA_DRIFT', retriable: false });
    expect(sqlError({ code: '42P01' }, 'target')).toMatchObject({ code: 'YICI_TARGET_CHANGED', retriable: true });
    expect(sqlError({ code: '57P01' }, 'source')).toMatchObject({ code: 'YICI_SOURCE_UNREACHABLE', retriable: true });
  });
});
