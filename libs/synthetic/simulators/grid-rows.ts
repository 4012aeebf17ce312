import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import type { Rng } from '../random.js';

/** A resident as the grid keeps it: the columns of persons.jsonl. */
export type GridRow = Record<string, unknown> & { id: string; updateTime: string };

export interface SyncAnswer {
  ref: string | null;
  id: string | null;
  code: number;
  message: string;
}

/** What the grid's own forms accept, by column; a null is always accepted, a column not listed here never. */
const CHECKS: Readonly<Record<string, (value: unknown) => boolean>> = {
  ident: text(/^.{1,18}$/), name: text(/^.{1,50}$/su), usedname: text(/^.{1,50}$/su), sex: text(/^[12]$/), birthday: (v) => typeof v === 'number' && Number.isFinite(v),
  nation: text(/^\d{2}$/), politics: text(/^\d{2}$/),
  education: text(/^\d{2}$/), marriage: text(/^\d{2}$/), phone: text(/^[\d+ -]{5,20}$/), domicile: text(/^\d{12}$/), domiciledetail: text(/^.{1,200}$/su), residence: text(/^\d{12}$/),
  residencedetail: text(/^.{1,200}$/su),
  account: text(/^\d{9}$/), accountidentity: text(/^.{1,18}$/), accountrelation: text(/^\d{2}$/), uniformlogo: text(/^0[12]$/), flowRea: text(/^\d{2}$/), isLow: flag, isDisabled: flag,
  isElderlyAlone: flag, delFlag: text(/^[01]$/),
  updateTime: text(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/), tenantId: text(/^\d{9}$/), gridCode: text(/^\d{14}$/),
};

function text(form: RegExp): (value: unknown) => boolean {
  return (value) => typeof value === 'string' && form.test(value);
}

function flag(value: unknown): boolean {
  return typeof value === 'boolean';
}

const EMPTY: Record<string, unknown> = Object.fromEntries(Object.keys(CHECKS).map((c) => [c, null]));

/** The grid's table: residents by id, the refs it has already answered, and a journal that survives a restart. */
export class GridRows {
  readonly rows = new Map<string, GridRow>();
  private readonly byRef = new Map<string, string>();

  constructor(initial: readonly Record<string, unknown>[], private readonly rng: Rng, private readonly journal?: string) {
    for (const row of initial) this.rows.set(String(row['id']), row as GridRow);
    if (journal && existsSync(journal)) {
      for (const line of readFileSync(journal, 'utf8').split('\n')) {
        if (line === '') continue;
        const { ref, row } = JSON.parse(line) as { ref?: string; row: GridRow };
        this.rows.set(row.id, row);
        if (ref) this.byRef.set(ref, row.id);
      }
    }
  }

  put(row: GridRow, ref?: string): void {
    this.rows.set(row.id, row);
    if (ref) this.byRef.set(ref, row.id);
    if (this.journal) appendFileSync(this.journal, `${JSON.stringify({ ref, row })}\n`);
  }

  /**
   * One item of a sync: 0 done, 409 the grid's row is newer, 422 a column it cannot take. An item with a known ref is not created twice.
   * `spell`: how the grid spells what it was given, when it does not keep it as it came.
   */
  sync(item: unknown, now: string, spell: (columns: Record<string, unknown>) => Record<string, unknown> = (c) => c): { answer: SyncAnswer; row?: GridRow } {
    const given = (typeof item === 'object' && item !== null ? item : {}) as Record<string, unknown>;
    const ref = typeof given['ref'] === 'string' ? given['ref'] : null;
    const askedId = typeof given['id'] === 'string' ? given['id'] : null;
    const refuse = (code: number, message: string): { answer: SyncAnswer } => ({ answer: { ref, id: askedId, code, message } });
    const { ref: _ref, id: _id, ...columns } = given;
    const faulty = Object.entries(columns).filter(([c, v]) => v !== null && CHECKS[c]?.(v) !== true).map(([c]) => c);
    if (faulty.length > 0) return refuse(422, `bad field: ${faulty.join(', ')}`);
    const knownId = askedId ?? (ref === null ? undefined : this.byRef.get(ref));
    if (knownId === undefined) return this.create(ref, spell(columns), now, refuse);
    const row = this.rows.get(knownId);
    if (!row) return refuse(422, 'bad field: id');
    const time = (columns['updateTime'] as string | null | undefined) ?? now;
    if (row.updateTime > time) return refuse(409, 'newer in grid');
    if (columns['name'] === null || columns['name'] === '') return refuse(422, 'bad field: name');
    const next = { ...row, ...spell(columns), updateTime: time };
    this.put(next, ref ?? undefined);
    return { answer: { ref, id: knownId, code: 0, message: 'ok' }, row: next };
  }

  private create(ref: string | null, columns: Record<string, unknown>, now: string,
    refuse: (code: number, message: string) => { answer: SyncAnswer }): { answer: SyncAnswer; row?: GridRow } {
    if (ref === null) return refuse(422, 'bad field: ref');
    if (typeof columns['name'] !== 'string' || typeof columns['residence'] !== 'string') return refuse(422, 'bad field: name, residence');
    let id = this.rng.digits(9);
    while (this.rows.has(id)) id = this.rng.digits(9);
    const community = columns['residence'];
    const row: GridRow = { ...EMPTY, delFlag: '0', tenantId: community.slice(0, 9), gridCode: `${community}01`, ...columns, id, updateTime: (columns['updateTime'] as string | null) ?? now };
    this.put(row, ref);
    return { answer: { ref, id, code: 0, message: 'ok' }, row };
  }
}
