import { YiciError, type YiciErrorOptions } from '#libs/kernel/errors';

/** Thrown when a request is answered with a 3xx or 4xx: the caller can go on or mend it. `status` is the HTTP status. */
export class RequestRefused extends YiciError {
  readonly status: number;
  /** Faults of single fields, for forms. */
  readonly faults: readonly FieldFault[] | undefined;
  /** Answer headers, e.g. Retry-After. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, o: Omit<YiciErrorOptions, 'stage'> & { faults?: readonly FieldFault[]; headers?: Record<string, string> }) {
    super({ severity: 'notice', ...o, stage: 'serving' });
    this.name = 'RequestRefused';
    this.status = status;
    this.faults = o.faults;
    this.headers = o.headers ?? {};
  }
}

/** One fault of one field, in both languages; never the value itself. */
export interface FieldFault {
  field: string;
  zh: string;
  en: string;
}

/** 404; also the answer for what exists outside the reader's scope, so that both look alike. */
export function notFound(what: string): RequestRefused {
  return new RequestRefused(404, {
    code: 'YICI_NOT_FOUND',
    message: `没有找到，或不在您的权限范围内。There is no such ${what}, or it is outside your scope.`,
    fix: 'Check the id; ask a steward if it should be visible to you.',
  });
}

/** 307 to the record that this one was merged into. Not 308: a merge can be undone, and a client must not remember it. */
export function mergedInto(address: string): RequestRefused {
  return new RequestRefused(307, {
    code: 'YICI_MERGED', message: '已合并到另一条记录。It was merged into another record.', fix: 'Follow Location.', headers: { Location: address },
  });
}
