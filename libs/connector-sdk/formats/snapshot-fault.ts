import { YiciError } from '#libs/kernel/errors';

/** Thrown when a whole file cannot be read as what it should be. Nothing of it may be trusted. */
export function unreadable(message: string, fix: string, cause?: unknown): YiciError {
  return new YiciError({ code: 'YICI_SNAPSHOT_UNREADABLE', stage: 'decoding', message, fix, cause });
}

/** A text file of zero bytes is a full disk or a failed export, not a system without people. */
export function refuseEmpty(file: { name: string; bytes: number }): void {
  if (file.bytes === 0) throw unreadable(`${file.name} is empty (0 bytes).`, 'Ask for the export again; the disk there may be full.');
}

/** Thrown when a snapshot is not (yet) complete; reading it later may succeed. */
export function notReady(message: string, fix: string): YiciError {
  return new YiciError({ code: 'YICI_SNAPSHOT_NOT_READY', stage: 'receiving', message, fix, retriable: true, severity: 'warning' });
}

/** Thrown when a file's columns are not the agreed ones; the connector stops, so that no column turns silently empty. */
export function schemaDrift(file: string, details: readonly string[]): YiciError {
  return new YiciError({
    code: 'YICI_SNAPSHOT_SCHEMA_DRIFT',
    stage: 'decoding',
    message: `The columns of ${file} are not the agreed ones: ${details.join('; ')}.`,
    fix: 'Ask the owner of the system what changed, then adapt connector.yaml and the mapping, and read the file again.',
  });
}

/**
 * What differs between the columns found and the agreed ones; empty when they are the same set, each once.
 * A found name is printed only when it looks like a column name: a first data row in the header's place must not end up in a log.
 */
export function columnDifferences(found: readonly string[], agreed: readonly string[]): string[] {
  const details: string[] = [];
  const has = new Set(found);
  const known = new Set(agreed);
  const missing = agreed.filter((c) => !has.has(c));
  const added = [...has].filter((c) => !known.has(c));
  const repeated = [...has].filter((c) => found.indexOf(c) !== found.lastIndexOf(c));
  if (missing.length === agreed.length) return ['none of the agreed columns is there (is the header line missing?)'];
  if (missing.length) details.push(`missing ${list(missing)}`);
  if (added.length) details.push(`new ${list(added)}`);
  if (repeated.length) details.push(`twice ${list(repeated)}`);
  return details;
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, 10).map((n) => (looksLikeColumn(n) ? n : '(unprintable)'));
  return shown.join(', ') + (names.length > 10 ? ` and ${names.length - 10} more` : '');
}

function looksLikeColumn(name: string): boolean {
  return name.length > 0 && name.length <= 40 && !/\d{6}|[\u0000-\u001f\ufffd]/.test(name);
}
