import type { Connector } from '#libs/connector-sdk/connector';
import { writeWorkbook, type CorrectionSheet } from '#libs/connector-sdk/formats/write-workbook';
import { workbookLayout, type WorkbookLayout } from '#libs/connector-sdk/protocols/workbook-layout';
import { uuidv7 } from '#libs/kernel/ids';
import type { OutValue } from '#libs/mapping/encode-value';
import type { Projection } from '#libs/survivorship/echoed-fields';
import type { Delivery, DeliveryOutcome } from './delivery.js';
import { recordsAtTarget, shareableFields } from './entity-members.js';
import type { FanoutStore } from './fanout-store.js';
import { readContexts } from './line-contexts.js';
import type { LineContext } from './plan-lines.js';
import type { Target } from './target.js';

/** A workbook of corrections, ready to leave. */
export interface Workbook {
  /** By which the same workbook is made again. */
  id: string;
  bytes: Buffer;
  /** Whose corrections are in it. */
  entityIds: string[];
}

const MOST_ROWS = 5000;
/** Deliveries that only found their value there already wait beside them, and are in no workbook. */
const MOST_HELD = 20_000;
const LEGEND = '　黄底＝本平台更正，空白＝不变';

interface CorrectedRow {
  cells: Record<string, string>;
  corrected: Set<string>;
}

/** Workbooks that offices download: what was written for them and not yet fetched. */
export class Workbooks {
  private readonly layouts = new Map<string, { target: Target; layout: WorkbookLayout }>();

  constructor(private readonly store: FanoutStore, targets: readonly Target[], connectors: readonly Connector[]) {
    connectors.forEach((connector, i) => {
      const layout = workbookLayout(connector);
      if (layout !== undefined) this.layouts.set(connector.id, { target: targets[i]!, layout });
    });
  }

  /** The target of this id, if its office downloads workbooks. */
  targetOf(system: string): Target | undefined {
    return this.layouts.get(system)?.target;
  }

  /**
   * What waits for this office, at most 5,000 deliveries a workbook; undefined when nothing does. Exactly the deliveries whose values are in the
   * workbook are picked up by it, before it leaves: a download that broke off is repeated by its id, or as `last`. A value that would not
   * be written now (an agreement ended, a consent was taken back, another is right) is left out, and its delivery says so.
   */
  async download(system: string, again?: string): Promise<Workbook | undefined> {
    const { target, layout } = this.layouts.get(system)!;
    const id = uuidv7(this.store.clock.now());
    return this.store.unitOfWork.run(async (tx) => {
      const wanted = again === undefined
        ? (await this.store.deliveries.hold(tx, target.id, 'written', MOST_HELD)).filter((d) => d.payload?.columns !== undefined && d.payload.token === undefined).slice(0, MOST_ROWS)
        : ofDownload(await this.store.deliveries.hold(tx, target.id, 'pickedUp', MOST_HELD), again);
      const contexts = await readContexts(this.store, target, wanted.map((d) => d.entityId));
      const rows = new Map<string, CorrectedRow>();
      const outcomes: DeliveryOutcome[] = [];
      const entityIds: string[] = [];
      const unsent: Parameters<FanoutStore['projections']['forget']>[2][number][] = [];
      for (const delivery of wanted) {
        const { refused, stale } = this.correct(delivery, contexts.get(delivery.entityId), layout, rows);
        if (refused === undefined) entityIds.push(delivery.entityId);
        // What was fetched once stays so, whatever may be repeated of it.
        if (again !== undefined) continue;
        outcomes.push({ id: delivery.id, attempted: false, ...(refused ?? { state: 'pickedUp', payload: { ...delivery.payload, token: id } }) });
        if (stale.length > 0) unsent.push({ targetRef: delivery.targetRef, paths: stale });
      }
      await this.store.deliveries.settle(tx, outcomes);
      await this.store.projections.forget(tx, target.id, unsent);
      if (rows.size === 0) return undefined;
      const sameId = again === undefined ? id : wanted[0]!.payload!.token!;
      return { id: sameId, bytes: await writeWorkbook(sheetsOf(layout, [...rows.values()])), entityIds: [...new Set(entityIds)] };
    });
  }

  /**
   * Writes one delivery into the row of its person; `refused`: why nothing of it goes. A later delivery's value stands over an earlier
   * one's. `stale`: paths left out whose value was taken for written there, and never left.
   */
  private correct(delivery: Delivery, context: LineContext | undefined, layout: WorkbookLayout, rows: Map<string, CorrectedRow>): Correction {
    const channel = context?.target.channels.get('person');
    if (context === undefined || channel === undefined) return { refused: { state: 'notShared', reasonCode: 'nothingLeft' }, stale: [] };
    const own = recordsAtTarget(context.members, context.target.id).find((r) => this.store.refOf(r).equals(delivery.targetRef));
    if (own === undefined) return { refused: { state: 'noRecord', reasonCode: 'noRecordThere' }, stale: [] };
    const written = context.written.get(own.naturalKey)?.fields ?? {};
    const columns = sayableNow(delivery, context, written);
    const stale = Object.entries(written).filter(([path, field]) => delivery.payload?.paths?.includes(path) === true
      && Object.entries(field.columns).some(([column, text]) => columns[column] === undefined && textOf(delivery.payload?.columns?.[column]) === text)).map(([path]) => path);
    if (Object.keys(columns).length === 0) return { refused: { state: 'notShared', reasonCode: 'nothingLeft' }, stale };
    const row = rows.get(own.naturalKey) ?? { cells: { ...carriedOf(channel.carried, own.legacy), [layout.key]: own.naturalKey }, corrected: new Set<string>() };
    for (const [column, value] of Object.entries(columns)) {
      row.cells[column] = Array.isArray(value) ? value.join('、') : String(value as string | number | boolean | null ?? '');
      row.corrected.add(column);
    }
    rows.set(own.naturalKey, row);
    return { stale };
  }
}

interface Correction {
  refused?: Pick<DeliveryOutcome, 'state' | 'reasonCode'>;
  stale: string[];
}

/** The columns of a delivery that would be spelt the same if it were written at this moment: provider, target and resident are asked again. */
function sayableNow(delivery: Delivery, context: LineContext, written: Projection['fields']): Record<string, OutValue> {
  const { target, members, rules, authority } = context;
  const shareable = shareableFields(members, target, rules, authority);
  const paths = delivery.payload?.paths ?? [];
  const now = target.mapper.encode('person', Object.fromEntries(paths.flatMap((path) => (shareable[path] === undefined ? [] : [[path, shareable[path].value]])))).columns;
  // The office's own value that was put back needs nobody's leave.
  const restored = new Set(paths.filter((path) => written[path]?.restored === true).flatMap((path) => target.channels.get('person')?.columnsOf.get(path) ?? []));
  return Object.fromEntries(Object.entries(delivery.payload?.columns ?? {}).filter(([column, value]) => restored.has(column) || textOf(now[column]) === textOf(value)));
}

function textOf(value: OutValue | undefined): string | undefined {
  return value === undefined ? undefined : Array.isArray(value) ? value.join(',') : String(value as string | number | boolean | null);
}

function ofDownload(pickedUp: readonly Delivery[], again: string): Delivery[] {
  const token = again === 'last' ? pickedUp.flatMap((d) => d.payload?.token ?? []).sort().at(-1) : again;
  return pickedUp.filter((d) => d.payload?.token === token && token !== undefined);
}

function carriedOf(columns: readonly string[], legacy: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(columns.flatMap((c) => (legacy[c] === undefined ? [] : [[c, legacy[c]]])));
}

function sheetsOf(layout: WorkbookLayout, rows: readonly CorrectedRow[]): CorrectionSheet[] {
  const { title, columns, sheetColumn } = layout;
  const sheets = new Map<string, CorrectedRow[]>();
  for (const row of rows) {
    const name = (sheetColumn === undefined ? undefined : row.cells[sheetColumn]) ?? '';
    sheets.set(name, [...(sheets.get(name) ?? []), row]);
  }
  return [...sheets].sort(([a], [b]) => a.localeCompare(b, 'zh')).map(([name, own]) => ({ name, title: `${title}${LEGEND}`, columns, rows: own }));
}
