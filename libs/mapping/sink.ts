import type { QualityIssue } from '#libs/model/source-record';

/** Collects what a row's fields leave besides their values: raw texts and doubts. One a record. */
export class Sink {
  raw: Record<string, string> | undefined;
  issues: QualityIssue[] | undefined;

  /** Keeps what the source wrote, where it differs from the canonical value. */
  keep(field: string, raw: string): void {
    (this.raw ??= {})[field] = raw;
  }

  /** The field is kept raw, marked, and its value not used. */
  doubt(field: string, code: string, raw: string): void {
    (this.issues ??= []).push({ field, code, raw });
  }
}
