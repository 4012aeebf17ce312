import type { DeliveryState } from '#libs/model/receipt';
import type { Delivery } from './delivery.js';
import type { LineReason } from './plan-lines.js';
import type { Acknowledges } from './target.js';

interface Words {
  zh: string;
  en: string;
}

export const STATE_WORDS: Record<DeliveryState, Words> = {
  notShared: { zh: '不共享', en: 'not shared' },
  noRecord: { zh: '对方无此人记录', en: 'no record there' },
  waiting: { zh: '等待', en: 'waiting' },
  written: { zh: '已写入', en: 'written' },
  pickedUp: { zh: '已取走', en: 'picked up' },
  confirmed: { zh: '已确认', en: 'confirmed' },
  rejected: { zh: '被拒绝', en: 'rejected' },
};

/** Reasons in words; `…` is the detail (a protocol, column names). */
const REASON_WORDS: Record<LineReason, Words> = {
  noAgreement: { zh: '没有向该系统提供此项的共享协议', en: 'no sharing agreement gives it to this system' },
  agreementProposed: { zh: '共享协议尚未批准', en: 'the sharing agreement is proposed and not approved yet' },
  agreementRevoked: { zh: '共享协议已撤销', en: 'the sharing agreement was revoked' },
  agreementExpired: { zh: '共享协议已过期', en: 'the sharing agreement has expired' },
  conditionNone: { zh: '共享条件为不予共享', en: 'the agreement says: not to be shared' },
  consentMissing: { zh: '居民没有同意向其他系统提供', en: 'the resident has not consented to share it' },
  ticketsOnly: { zh: '该系统只接收疑点工单，本次变更不产生工单', en: 'this system takes tickets only, and this change raises none' },
  takesNoFields: { zh: '该系统不接收个人信息', en: 'this system takes no details of a person' },
  notReceived: { zh: '该系统不接收这些项', en: 'this system does not take these fields' },
  outranked: { zh: '更权威的来源有不同的值，本次填报未采用', en: 'a better source says otherwise; the entered value is not the one in force' },
  noRecordThere: { zh: '该系统没有此人的记录，也不能由本平台新建', en: 'this system has no record of the person and the hub may not create one now' },
  cannotBeSaid: { zh: '该系统无法表示此值（…），请与该系统管理员联系', en: 'this system has no way to hold the value (…); ask its administrator' },
  alreadyThere: { zh: '该系统已有相同的值', en: 'this system holds it already' },
  createdOnce: { zh: '与另一份录入是同一人，在该系统只新建一次', en: 'the same person as another entry; one record is created there for both' },
  notLive: { zh: '该系统的在线接口尚未接通，接通后送达', en: 'this system is not connected yet; it will be delivered then' },
  firstConnection: { zh: '等待首次对接的差异核对与批准', en: 'waits until the first differences were rehearsed and approved' },
  notProcessed: { zh: '尚未处理', en: 'not processed yet' },
  retrying: { zh: '对方暂时没有响应，将自动重试（…）', en: 'the system did not answer; it is tried again by itself (…)' },
  conflict: { zh: '对方有更新的数据，正在重新读取核对', en: 'the system has newer data; it is read again and resolved' },
  targetRefused: { zh: '对方拒绝写入（…），请核对后重新发送', en: 'the system refused it (…); check it there and replay' },
  neverAnswered: { zh: '单独发送此条时对方始终没有应答，而其他各条均有应答；请与该系统管理员核对，再在死信中重新发送', en: 'the system never answered this one alone and answered all others; check it with its administrator, then replay the dead letter' },
  nothingLeft: { zh: '此后的变更已使本次写入不再需要', en: 'a later change made this write unnecessary' },
  entryFailed: { zh: '录入未能处理（…），没有发往任何系统', en: 'the entry could not be worked on (…); nothing goes to any system' },
  cutThere: { zh: '对方已收到，但按其字段宽度截短保存', en: 'it is there, cut at the width of that system\'s column' },
  awaitsPickUp: { zh: '文件已投放，等待对方取走', en: 'the file lies where the system collects it' },
  awaitsTaking: { zh: '已写入交换表，等待对方读取', en: 'the row is in the exchange table, for the system to take' },
  awaitsDownload: { zh: '已列入更正表，等待对方下载', en: 'it stands in the workbook of corrections, for the office to download' },
  awaitsExport: { zh: '对方已取走，待其下次导出后确认', en: 'taken; the next export of the system will confirm it' },
  ticketTaken: { zh: '工单已取走，由对方核实处理', en: 'the ticket was taken; its officers look and decide' },
  fileRefused: { zh: '对方退回（…），请按对方意见更正后在死信中重新发送', en: 'the system gave it back (…); mend what it names, then replay the dead letter' },
  rowRefused: { zh: '对方读取时报错（…），请在对方核对该行后在死信中重新发送', en: 'the system failed to take the row (…); check the row there, then replay the dead letter' },
  restricted: { zh: '该系统不对外公开办理情况', en: 'this system tells nobody outside what it holds or does' },
};

/** What a state waits for, or what to do, by what is sent and how the target is written to; the reason of the delivery itself where it says more. */
export function reasonOf({ state, reasonCode: code, action }: Pick<Delivery, 'state' | 'reasonCode' | 'action'>, acknowledges: Acknowledges): string | undefined {
  if (code === 'targetRefused') return acknowledges === 'pickUp' ? 'fileRefused' : acknowledges === 'take' ? 'rowRefused' : code;
  if (code !== undefined) return code;
  // No export repeats a ticket.
  if (state === 'pickedUp') return action === 'ticket' ? 'ticketTaken' : 'awaitsExport';
  return state === 'written' ? AWAITED[acknowledges] : undefined;
}

const AWAITED: Record<Acknowledges, LineReason | undefined> = { answer: undefined, pickUp: 'awaitsPickUp', take: 'awaitsTaking', download: 'awaitsDownload' };

/** The reason in Chinese and English; undefined when the state says it all. */
export function reasonWords(code: string | undefined, detail: string | undefined): Words | undefined {
  const words = code === undefined ? undefined : (REASON_WORDS as Record<string, Words | undefined>)[code];
  if (words === undefined) return undefined;
  const fill = (text: string) => (detail === undefined || detail === '' ? text.replace(/[（(]…[）)]/, '').replace(/ +([,;.])/, '$1').trim() : text.replace('…', detail));
  return { zh: fill(words.zh), en: fill(words.en) };
}
