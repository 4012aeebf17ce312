import { YiciError } from '#libs/kernel/errors';
import { TOO_LARGE } from './sql-sockets.js';

/** What an error of a database says, whichever database it is. */
export type SqlFault =
  /** A table or column is missing, or of another type. */
  | 'drift'
  /** The account may not do this. */
  | 'forbidden'
  /** The account or its password is wrong. */
  | 'login'
  | 'certificate'
  /** A row with this key is there already. */
  | 'duplicate'
  /** The column cannot hold the value. */
  | 'value'
  /** The answer was cut, for it had no end. */
  | 'large'
  /** Everything else: not reachable, busy, restarted. */
  | 'away';

const CODES: readonly [SqlFault, ReadonlySet<string>][] = [
  ['drift', new Set(['42703', '42P01', '3F000', '42883', '22P02', 'ER_BAD_FIELD_ERROR', 'ER_NO_SUCH_TABLE', 'ER_BAD_DB_ERROR', 'ORA-904', 'ORA-942', 'MSSQL-207', 'MSSQL-208'])],
  ['forbidden', new Set(['42501', 'ER_TABLEACCESS_DENIED_ERROR', 'ER_COLUMNACCESS_DENIED_ERROR', 'ER_DBACCESS_DENIED_ERROR', 'ORA-1031', 'MSSQL-229', 'MSSQL-230'])],
  ['login', new Set(['28P01', '28000', 'ER_ACCESS_DENIED_ERROR', 'ORA-1017', 'ELOGIN'])],
  ['certificate', new Set(['DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'ERR_TLS_CERT_ALTNAME_INVALID',
    'CERT_HAS_EXPIRED', 'HANDSHAKE_SSL_ERROR'])],
  ['large', new Set([TOO_LARGE])],
  ['duplicate', new Set(['23505', 'ER_DUP_ENTRY', 'ORA-1', 'MSSQL-2627', 'MSSQL-2601'])],
  ['value', new Set(['22001', '22003', '22007', '22008', '22021', '23502', '23503', '23514', 'ER_DATA_TOO_LONG', 'ER_TRUNCATED_WRONG_VALUE', 'ER_TRUNCATED_WRONG_VALUE_FOR_FIELD', 'ER_BAD_NULL_ERROR',
    'ER_WARN_DATA_OUT_OF_RANGE', 'ER_NO_REFERENCED_ROW_2', 'ER_CONSTRAINT_FAILED', 'ORA-12899', 'ORA-1438', 'ORA-1400', 'ORA-2291', 'MSSQL-8152', 'MSSQL-2628', 'MSSQL-515', 'MSSQL-547'])],
];

export function sqlFault(cause: unknown): SqlFault {
  const code = codeOf(cause);
  return CODES.find(([, codes]) => codes.has(code))?.[0] ?? 'away';
}

/** The database's own code of an error: an SQLSTATE, a name, a number with the database's initials; '' when it has none. */
export function codeOf(cause: unknown): string {
  const error = ((cause as { driverError?: unknown } | undefined)?.driverError ?? cause) as { code?: unknown; errorNum?: unknown; number?: unknown } | undefined;
  if (typeof error?.errorNum === 'number') return `ORA-${error.errorNum}`;
  if (typeof error?.number === 'number') return `MSSQL-${error.number}`;
  return typeof error?.code === 'string' ? error.code : '';
}

const WORDS: Record<SqlFault, { message: string; fix: string }> = {
  drift: { message: 'A table or column of the exchange database is missing or was renamed.', fix: 'Agree with the owner of the system, then change the connector folder.' },
  forbidden: { message: 'The hub\'s account may not do this in the exchange database.', fix: 'Ask the owner of the system for the rights that BEHAVIOUR.md of the folder names.' },
  login: { message: 'The exchange database does not accept the hub\'s account or its password.', fix: 'Ask the owner of the system; correct the variable named in connector.yaml.' },
  certificate: { message: 'The certificate of the exchange database is not trusted.', fix: 'Ask the owner of the system for a valid certificate.' },
  duplicate: { message: 'The exchange database has this row already.', fix: 'It is tried again by itself.' },
  value: { message: 'The exchange database cannot hold a value.', fix: 'Compare the widths of its columns with limits in connector.yaml.' },
  large: { message: 'The answer of the exchange database is larger than anything the hub asks for.', fix: 'Ask the owner of the system; smaller rows may help, see maxRowKilobytes in connector.yaml.' },
  away: { message: 'The exchange database cannot be reached or does not answer.', fix: 'It is tried again by itself; check the address and that the database is running and not locked.' },
};

/**
 * An error of the database as one of ours. The database's own text is left out, for it may quote the row; its code is kept. Drift while
 * reading stops the connector; everything else is tried again.
 */
export function sqlError(cause: unknown, as: 'source' | 'target'): YiciError {
  if (cause instanceof YiciError) return cause;
  const fault = sqlFault(cause);
  const reading = as === 'source';
  const code = fault === 'drift' && reading ? 'YICI_SNAPSHOT_SCHEMA_DRIFT' : { drift: 'YICI_TARGET_CHANGED', forbidden: 'YICI_DATABASE_FORBIDDEN', login: 'YICI_DATABASE_LOGIN',
    certificate: 'YICI_CERTIFICATE_REFUSED', duplicate: 'YICI_TARGET_DUPLICATE', value: 'YICI_TARGET_VALUE', large: 'YICI_ANSWER_TOO_LARGE', away: reading ? 'YICI_SOURCE_UNREACHABLE' : 'YICI_TARGET_UNREACHABLE' }[fault];
  const { message, fix } = WORDS[fault];
  const told = codeOf(cause);
  return new YiciError({ code, stage: reading ? 'receiving' : 'sending', retriable: !(fault === 'drift' && reading), message: told === '' ? message : message.replace(/\.$/, ` (${told}).`), fix });
}
