import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { ISO_CLOCK } from './office-clock.js';

/** An account as the platform keeps it: the columns of users.jsonl. */
export type User = Record<string, unknown> & { userId: string; updatedAt: string };

export interface PatchAnswer {
  status: 200 | 404 | 409 | 422;
  message: string;
  /** The account as it is now, when something that the platform shows has changed. */
  changed?: User;
}

const HOUSE = /^\d{25}$/;
/** What the hub may write. Whether the name matches is the platform's own mark beside the account, no column that it lists. */
const WRITABLE: Readonly<Record<string, (value: unknown) => boolean>> = {
  nameMatches: (v) => typeof v === 'boolean',
  houseId: (v) => v === null || (typeof v === 'string' && HOUSE.test(v)),
};
const COLUMNS: Readonly<Record<string, (value: unknown) => boolean>> = {
  mobile: nullOr(/^[\d+ -]{5,20}$/), realName: nullOr(/^.{1,50}$/su), nickName: nullOr(/^.{1,50}$/su), idCard: nullOr(/^.{1,18}$/), idVerified: (v) => typeof v === 'boolean',
  houseId: WRITABLE['houseId']!, address: nullOr(/^.{1,200}$/su), consents: (v) => Array.isArray(v) && v.every((c) => typeof c === 'string'),
};

function nullOr(form: RegExp): (value: unknown) => boolean {
  return (value) => value === null || (typeof value === 'string' && form.test(value));
}

/** The platform's accounts by id, and a journal that survives a restart. */
export class Users {
  readonly users = new Map<string, User>();
  /** What the hub said of names, by id. */
  readonly nameMatches = new Map<string, boolean>();

  constructor(initial: readonly Record<string, unknown>[], private readonly journal?: string) {
    for (const user of initial) this.users.set(String(user['userId']), user as User);
    if (journal === undefined || !existsSync(journal)) return;
    for (const line of readFileSync(journal, 'utf8').split('\n')) {
      if (line === '') continue;
      const { user, removed, nameMatches } = JSON.parse(line) as { user: User; removed?: boolean; nameMatches?: boolean };
      if (removed === true) this.users.delete(user.userId);
      else this.users.set(user.userId, user);
      if (nameMatches !== undefined) this.nameMatches.set(user.userId, nameMatches);
    }
  }

  put(user: User): void {
    this.users.set(user.userId, user);
    this.write({ user, nameMatches: this.nameMatches.get(user.userId) });
  }

  remove(user: User): void {
    this.users.delete(user.userId);
    this.write({ user, removed: true });
  }

  /** Columns that the platform's own forms would not take. */
  faulty(columns: Readonly<Record<string, unknown>>): string[] {
    return Object.entries(columns).filter(([c, v]) => COLUMNS[c]?.(v) !== true).map(([c]) => c);
  }

  /** One write of the hub. The same write again changes nothing, its time neither. */
  patch(userId: string, body: unknown): PatchAnswer {
    const user = this.users.get(userId);
    if (user === undefined) return { status: 404, message: 'no such user' };
    if (typeof body !== 'object' || body === null || Array.isArray(body)) return { status: 422, message: 'an object is expected' };
    const columns = body as Record<string, unknown>;
    const faulty = Object.entries(columns).filter(([c, v]) => !Object.hasOwn(WRITABLE, c) || !WRITABLE[c]!(v)).map(([c]) => c);
    if (faulty.length > 0) return { status: 422, message: `bad field: ${faulty.join(', ')}` };
    if (columns['nameMatches'] !== undefined) this.nameMatches.set(userId, columns['nameMatches'] as boolean);
    const house = columns['houseId'];
    if (house === undefined || house === user['houseId']) {
      this.put(user);
      return { status: 200, message: 'ok' };
    }
    const changed: User = { ...user, houseId: house, updatedAt: ISO_CLOCK.after(user.updatedAt) };
    this.put(changed);
    return { status: 200, message: 'ok', changed };
  }

  /** A page of the accounts that changed since a time, by time and id; `cursor` names the last one of the page before. Undefined: no such cursor. */
  page(since: string, cursor: string, limit: number): { items: User[]; cursor: string | null } | undefined {
    const from = since === '' ? -Infinity : Date.parse(since);
    const after = cursor === '' ? undefined : positionOf(cursor);
    if (Number.isNaN(from) || (cursor !== '' && after === undefined)) return undefined;
    const sorted = [...this.users.values()].map((user) => ({ user, at: Date.parse(user.updatedAt) }))
      .filter(({ user, at }) => !(at < from) && (after === undefined || at > after.at || (at === after.at && user.userId > after.id)))
      .sort((a, b) => a.at - b.at || (a.user.userId < b.user.userId ? -1 : 1)).slice(0, limit);
    const last = sorted.at(-1);
    return {
      items: sorted.map(({ user }) => user),
      cursor: sorted.length === limit && last !== undefined ? Buffer.from(`${last.at} ${last.user.userId}`).toString('base64url') : null,
    };
  }

  private write(entry: object): void {
    if (this.journal !== undefined) appendFileSync(this.journal, `${JSON.stringify(entry)}\n`);
  }
}

function positionOf(cursor: string): { at: number; id: string } | undefined {
  const parts = /^(-?\d+) (.+)$/.exec(Buffer.from(cursor, 'base64url').toString('utf8'));
  return parts === null ? undefined : { at: Number(parts[1]), id: parts[2]! };
}
