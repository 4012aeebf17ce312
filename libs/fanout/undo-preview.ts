import type { DecidedPart, NotUndone, UndoLine } from '#libs/model/undo-line';
import { recordsAtTarget, shareableFields, type EntityMembers } from './entity-members.js';
import type { FanoutStore } from './fanout-store.js';
import { contextsOf } from './line-contexts.js';
import type { LineContext } from './plan-lines.js';
import { planUpdate } from './plan-write.js';
import { reasonWords } from './receipt-words.js';
import type { Target } from './target.js';

/** A target with the department that keeps it. */
export interface OwnedTarget {
  target: Target;
  owner: string;
}

/**
 * What a decision does at each target, said before it is made: the columns that will be written, and what cannot be undone
 * there with whom to ask. Worked out by the very functions that will plan the writes, over the parts the decision would make.
 */
export class UndoPreview {
  constructor(private readonly store: FanoutStore, private readonly targets: readonly OwnedTarget[]) {}

  /** `parts`: the persons, households and dwellings as they would be; `former`: ids of those they are made of. */
  async lines(parts: readonly DecidedPart[], former: readonly string[]): Promise<UndoLine[]> {
    const records = await this.store.ownValues.records(parts.flatMap((p) => p.records.map((r) => r.key)));
    const members = new Map(parts.map((p): [string, EntityMembers] => [p.entityId, {
      entityId: p.entityId, recordType: p.recordType, version: 0,
      records: p.records.flatMap((r) => records.get(r.key) ?? []), attached: new Set(p.records.filter((r) => r.attached).map((r) => r.key)),
    }]));
    const ids = [...new Set([...members.keys(), ...former])];
    const lines: UndoLine[] = [];
    for (const owned of this.targets) lines.push(await this.lineAt(owned, members, ids));
    return lines;
  }

  private async lineAt({ target, owner }: OwnedTarget, members: ReadonlyMap<string, EntityMembers>, ids: readonly string[]): Promise<UndoLine> {
    const contexts = [...(await contextsOf(this.store, target, members)).values()];
    const willWrite = new Set<string>();
    const cannotUndo: NotUndone[] = [];
    let records = 0;
    for (const context of contexts) {
      for (const { naturalKey } of recordsAtTarget(context.members, target.id)) {
        records += 1;
        const done = target.ticketKinds === undefined ? fieldsAt(context, naturalKey) : ticketsAt(context, naturalKey);
        for (const column of done.willWrite) willWrite.add(column);
        cannotUndo.push(...done.cannotUndo);
      }
    }
    const created = target.channels.get('person')?.createNeeds === undefined ? 0 : (await this.store.projections.minted(target.id, ids)).size;
    if (created > 0) cannotUndo.push(notUndone('createdThere', []));
    return {
      target: target.id, name: target.name, nameEn: target.nameEn, records, willWrite: [...willWrite].sort(), cannotUndo: once(cannotUndo),
      ...(cannotUndo.length > 0 && { ask: owner }), ...waits(target, contexts, records, willWrite.size),
    };
  }
}

type Done = Pick<UndoLine, 'willWrite' | 'cannotUndo'>;

function fieldsAt({ target, members, rules, authority, written, stray }: LineContext, naturalKey: string): Done {
  const own = recordsAtTarget(members, target.id).find((r) => r.naturalKey === naturalKey);
  const mistaken = stray.get(naturalKey);
  const write = planUpdate(target, members.recordType, shareableFields(members, target, rules, authority), own, written.get(naturalKey), mistaken);
  const columnsOf = (path: string): readonly string[] => target.channels.get(members.recordType)?.columnsOf.get(path) ?? [];
  // Written by mistake, and neither a value of this person nor one the target had before is known.
  const lost = [...(mistaken ?? [])].filter(([path, { own: before }]) => before === undefined && write.fields[path] === undefined).flatMap(([path]) => columnsOf(path));
  const refused = write.refused.map((r) => r.column);
  return {
    willWrite: Object.keys(write.columns),
    cannotUndo: [...(lost.length > 0 ? [notUndone('nothingToPutBack', lost)] : []), ...(refused.length > 0 ? [notUndone('cannotBeSaid', refused)] : [])],
  };
}

/** A ticket that was told is read by people: it cannot be taken back by another file. */
function ticketsAt({ written }: LineContext, naturalKey: string): Done {
  const told = Object.keys(written.get(naturalKey)?.fields ?? {}).some((path) => path.startsWith('ticket:'));
  return { willWrite: [], cannotUndo: told ? [notUndone('ticketTold', [])] : [] };
}

const WORDS: Record<NotUndone['reasonCode'], { zh: string; en: string }> = {
  createdThere: { zh: '本平台曾在该系统新建记录，本平台不能删除', en: 'the hub created a record there, which it cannot remove' },
  ticketTold: { zh: '已投递的疑点工单无法撤回', en: 'a ticket was dropped there and cannot be taken back' },
  nothingToPutBack: { zh: '曾写入他人的值，且没有可恢复的原值', en: 'somebody else’s value was written there, and no value to put back is known' },
  cannotBeSaid: { zh: '该系统无法表示要恢复的值', en: 'the system has no way to hold the value to put back' },
};

function notUndone(reasonCode: NotUndone['reasonCode'], columns: readonly string[]): NotUndone {
  return { reasonCode, ...WORDS[reasonCode], columns: [...columns].sort() };
}

/** One entry for each reason, with the columns of all records. */
function once(found: readonly NotUndone[]): NotUndone[] {
  const byReason = new Map<string, NotUndone>();
  for (const n of found) byReason.set(n.reasonCode, { ...n, columns: [...new Set([...(byReason.get(n.reasonCode)?.columns ?? []), ...n.columns])].sort() });
  return [...byReason.values()];
}

/** Why nothing is written at once. */
function waits(target: Target, contexts: readonly LineContext[], records: number, columns: number): Pick<UndoLine, 'reasonCode' | 'zh' | 'en'> {
  const code = records === 0 ? 'noRecordThere' : target.ticketKinds !== undefined ? 'ticketsOnly' : columns === 0 ? 'nothingLeft'
    : !target.live ? 'notLive' : contexts.some((c) => !c.approved) ? 'firstConnection' : undefined;
  return code === undefined ? {} : { reasonCode: code, ...reasonWords(code, undefined) };
}

/** A line for a reader outside the scopes of a restricted target: the same whatever is so. */
export function withheldLine({ target, name, nameEn }: UndoLine): UndoLine {
  return { target, name, nameEn, records: 0, willWrite: [], cannotUndo: [], reasonCode: 'restricted', ...reasonWords('restricted', undefined) };
}
