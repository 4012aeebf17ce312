import type { Cause, HistoryEvent } from './explain-history.js';

export interface Words {
  zh: string;
  en: string;
}

/** What happened, as a sentence in Chinese and in English. */
export function eventWords(event: HistoryEvent): Words {
  switch (event.kind) {
    case 'created':
      return { zh: `首次建立，含 ${event.joined.length} 条来源记录`, en: `came to be, of ${event.joined.length} source record${plural(event.joined.length)}` };
    case 'changed':
      return changedWords(event);
    case 'merged':
      return { zh: `${event.other} 并入`, en: `${event.other} was merged into it; that id leads here for ever` };
    case 'ended':
      return { zh: `并入 ${event.into}`, en: `was merged into ${event.into}` };
    case 'link':
      return { zh: `${event.by} 判定为同一人${revoked(event).zh}：${event.records.join('、')}`, en: `${event.by} decided${revoked(event).en} that these are one: ${event.records.join(', ')}` };
    case 'noLink':
      return { zh: `${event.by} 判定不是同一人${revoked(event).zh}：${event.records.join('、')}`, en: `${event.by} decided${revoked(event).en} that these are not one: ${event.records.join(', ')}` };
    case 'revoke':
      return { zh: `${event.by} 撤销了一项判定`, en: `${event.by} revoked a decision` };
  }
}

function changedWords({ version, changed, joined, left, cause }: HistoryEvent & { kind: 'created' | 'changed' }): Words {
  const zh = [
    ...joined.map((j) => `并入记录 ${j.record}${j.from === undefined ? '' : `（原属 ${j.from}）`}`), ...left.map((l) => `移出记录 ${l.record}${l.to === undefined ? '' : `（现属 ${l.to}）`}`),
    ...(changed.length > 0 ? [`变更 ${changed.join('、')}`] : []),
  ];
  const en = [
    ...joined.map((j) => `${j.record} joined${j.from === undefined ? '' : ` (was of ${j.from})`}`), ...left.map((l) => `${l.record} left${l.to === undefined ? '' : ` (now of ${l.to})`}`),
    ...(changed.length > 0 ? [`${changed.join(', ')} changed`] : []),
  ];
  const why = causeWords(cause);
  return { zh: `第 ${version} 版：${zh.join('；') || '来源更新'}${why.zh}`, en: `version ${version}: ${en.join('; ') || 'a source was renewed'}${why.en}` };
}

function causeWords({ record, batch, by }: Cause): Words {
  if (record !== undefined) return { zh: `。起因：${record}${by === undefined ? '' : `（${by} 录入）`}`, en: `, because of ${record}${by === undefined ? '' : ` (entered by ${by})`}` };
  return batch === undefined || batch === 0 ? { zh: '', en: '' } : { zh: `。起因：同批 ${batch} 条记录`, en: `, with ${batch} records of one batch` };
}

function revoked(event: { revoked: boolean }): Words {
  return event.revoked ? { zh: '（后撤销）', en: ' (revoked since)' } : { zh: '', en: '' };
}

function plural(n: number): string {
  return n === 1 ? '' : 's';
}
