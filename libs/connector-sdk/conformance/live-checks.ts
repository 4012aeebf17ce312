import { setTimeout as sleep } from 'node:timers/promises';
import { uuidv7 } from '#libs/kernel/ids';
import { YiciError } from '#libs/kernel/errors';
import { fieldsOfBody } from '#libs/mapping/encode-out';
import type { OutValue } from '#libs/mapping/encode-value';
import type { AnySourceRecord } from '#libs/model/source-record';
import { sameFact } from '#libs/survivorship/same-fact';
import type { Connector } from '../connector.js';
import type { LiveMark, LiveSource } from '../live-source.js';
import { isPolled, openSource, type PolledSpec } from '../open-source.js';
import { openTarget, type ConnectionParts } from '../open-target.js';
import { OutMapper } from '../out-mapper.js';
import type { ItemAnswer, OutgoingItem, TargetChannel } from '../target-channel.js';
import { check, expectThat, NotRun, type Check } from './certificate.js';
import { probesOf } from './probe-values.js';

/** The system that a connector is certified against: a simulator, or the department's own test system (which can neither be looked into nor told to fail). */
export interface LivePeer {
  /** Natural key of a person there that may be written to. */
  key: string;
  record?(key: string): Promise<Readonly<Record<string, unknown>> | undefined>;
  /** Kinds of faults it can be told to have. */
  faults?: { supported?: readonly string[]; fail(fault: { kind: 'error' } | { kind: 'disconnect' }, requests?: number): void; clear(): void };
}

/** How long an echo may take to come back through a system's own protocol. */
const ECHO_MS = 15_000;
/** How often a system may have taken the first of two equal writes before the second came. */
const TAKEN_BETWEEN = 5;
const UNKNOWN_KEY = 'yici-certify-no-such-key';
/** How often a write is made that does not get through. */
const TRIES = 3;
const TRY_AGAIN_MS = 1000;

/** What a connector proves against a running system. Writes to the one person of `peer.key`, nothing else. */
export async function liveChecks(connector: Connector, parts: ConnectionParts, peer: LivePeer, signal: AbortSignal): Promise<Check[]> {
  const spec = connector.manifest.live.find(isPolled);
  const target = openTarget(connector, parts);
  try {
    return [...await sourceChecks(connector, spec, parts, peer, signal), ...await targetChecks(connector, spec, target, parts, peer, signal)];
  } finally {
    await target?.close?.();
  }
}

async function sourceChecks(connector: Connector, spec: PolledSpec | undefined, parts: ConnectionParts, peer: LivePeer, signal: AbortSignal): Promise<Check[]> {
  const open = (): LiveSource => {
    if (spec === undefined) throw new NotRun('it pushes or gives out files: nothing is asked');
    return openSource(connector, spec, parts);
  };
  let whole = new Set<string>();
  return [
    await check('live.read', '读得到', 'it can be read', async () => {
      whole = (await readOn(open(), new Map(), signal)).keys;
      expectThat(whole.size > 0, 'nothing was read');
      return `${whole.size} record(s)`;
    }),
    await check('live.resume', '断后续读不漏', 'reading goes on without a gap', async () => {
      const first = await readOn(open(), new Map(), signal, 1);
      const rest = await readOn(open(), first.marks, signal);
      const missing = [...whole].filter((k) => !first.keys.has(k) && !rest.keys.has(k)).length;
      expectThat(missing === 0, `${missing} record(s) were not read after the interruption`);
      return `${first.keys.size} + ${rest.keys.size}`;
    }),
    await check('live.outage', '断线可重试', 'an outage is retriable, and ends', async () => {
      const source = open();
      fail(peer);
      const error: unknown = await readOn(source, new Map(), signal).then(() => undefined, (e: unknown) => e);
      peer.faults?.clear();
      expectThat(error instanceof YiciError && error.retriable, `an outage must be a retriable error, and was ${describe(error)}`);
      expectThat((await readOn(open(), new Map(), signal)).keys.size >= whole.size, 'after the outage not everything was read');
    }),
  ];
}

async function targetChecks(connector: Connector, spec: PolledSpec | undefined, target: TargetChannel | undefined, parts: ConnectionParts, peer: LivePeer, signal: AbortSignal): Promise<Check[]> {
  const said = sayable(connector);
  const carry = connector.mappingOut.person?.carry ?? [];
  const own = carry.length === 0 ? {} : await peer.record?.(peer.key);
  const item = (key: string): OutgoingItem => {
    if (target === undefined || said === undefined) throw new NotRun('no value of a person is written to it');
    if (own === undefined) throw new NotRun(`${carry.join(', ')} of its own row must go along with a write, and its rows cannot be looked up here`);
    // Nobody's row has anything to go along.
    const carried = key !== peer.key ? {} : Object.fromEntries(carry.map((column) => [column, textOf(own[column])]));
    return { ref: uuidv7(parts.clock.now()), recordType: 'person', naturalKey: key, columns: said.columns, held: {}, carried, plannedAt: new Date(parts.clock.now()) };
  };
  const writeOnce = (items: readonly OutgoingItem[]): Promise<ItemAnswer[]> => target!.write(items, signal);
  const write = (items: readonly OutgoingItem[]): Promise<ItemAnswer[]> => insisting(() => writeOnce(items), signal);
  return [
    await check('write.twice', '重复写无影响', 'a repeated write is harmless', async () => {
      for (let times = 0; times <= TAKEN_BETWEEN; times++) {
        const one = item(peer.key);
        const [first, again] = [(await write([one]))[0], (await write([one]))[0]];
        expectThat(first?.outcome === 'accepted' && again?.outcome === 'accepted', `the write was ${first?.outcome ?? 'not answered'}, then ${again?.outcome ?? 'not answered'}`);
        if (first.token === again.token) return Object.keys(one.columns).join(', ');
        expectThat(first.token !== undefined && (await target!.acknowledged?.([first.token], signal))?.has(first.token) === true, 'the repeated write made a second file or row');
      }
      throw new NotRun('it took each write before the next, so that none was repeated');
    }),
    await check('write.partial', '一项出错不连累其他', 'one bad item harms no other', async () => {
      const answers = await write([item(UNKNOWN_KEY), item(peer.key)]);
      const [bad, good] = answers;
      if (bad?.outcome === 'accepted') throw new NotRun('it answers later: a refusal comes back with the acknowledgement');
      expectThat(good?.outcome === 'accepted', `beside an unknown key a good item was ${good?.outcome ?? 'not answered'}`);
      expectThat(bad?.outcome === 'refused', `an unknown key must be refused for good, and was ${bad?.outcome ?? 'not answered'}`);
      const values = Object.values(said!.columns).map(String).filter((v) => v.length > 2);
      expectThat(!values.some((v) => bad.detail.includes(v)), 'the reason of a refusal repeats a personal value');
    }),
    await check('write.outage', '断线时一项不丢', 'an outage loses nothing and refuses nothing for good', async () => {
      const one = item(peer.key);
      fail(peer);
      const answer = await writeOnce([one]).then((a) => a[0]?.outcome, (e: unknown) => (e instanceof YiciError && e.retriable ? 'retriable' : describe(e)));
      peer.faults?.clear();
      expectThat(answer === 'retriable' || answer === 'failed', `an outage must be retriable, and was ${answer ?? 'not answered'}`);
      expectThat((await write([one]))[0]?.outcome === 'accepted', 'after the outage the same write was not accepted');
    }),
    await check('write.echo', '回声能认出', 'what was written comes back as the same fact', async () => {
      if (spec === undefined) throw new NotRun('it pushes or gives out files: its next push or file shows it');
      expectThat((await write([item(peer.key)]))[0]?.outcome === 'accepted', 'the write was not accepted');
      for (const end = performance.now() + ECHO_MS; performance.now() < end; await sleep(250, undefined, { signal })) {
        const back = (await readOn(openSource(connector, spec, parts), new Map(), signal)).records.get(peer.key);
        if (back !== undefined && sameFact(said!.field, fieldsOfBody(back.body)[said!.field], said!.value)) return said!.field;
      }
      throw new Error(`${said!.field} did not come back as it was written within ${ECHO_MS / 1000} s`);
    }),
  ];
}

/** As the hub does: a call that did not get through is made again. A line that drops for once is no fault of a connector. */
async function insisting<T>(call: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await call();
    } catch (error) {
      if (tries === TRIES || !(error instanceof YiciError && error.retriable)) throw error;
      await sleep(TRY_AGAIN_MS, undefined, { signal });
    }
  }
}

/** Reads until the end, or until `batches` batches; what a batch would tell the system stays unsaid. */
async function readOn(source: LiveSource, marks: ReadonlyMap<string, LiveMark>, signal: AbortSignal, batches = Infinity): Promise<{ keys: Set<string>; marks: Map<string, LiveMark>; records: Map<string, AnySourceRecord> }> {
  const found = { keys: new Set<string>(), marks: new Map(marks), records: new Map<string, AnySourceRecord>() };
  try {
    let n = 0;
    for await (const batch of source.poll(marks, signal)) {
      for (const record of batch.rows.flatMap((r) => (r.kind === 'accepted' ? r.records : []))) {
        found.keys.add(`${record.recordType} ${record.naturalKey}`);
        if (record.recordType === 'person') found.records.set(record.naturalKey, record);
      }
      if (batch.mark !== undefined) found.marks.set(batch.channel, batch.mark);
      if (++n >= batches) break;
    }
  } finally {
    await source.close();
  }
  return found;
}

/** A value that this target takes: a phone where it takes one, else the first that it can say. */
function sayable(connector: Connector): { field: string; value: unknown; columns: Record<string, OutValue> } | undefined {
  const out = new OutMapper(connector);
  const fields = [...out.fields('person')].sort((a, b) => Number(b === 'phones') - Number(a === 'phones'));
  for (const field of fields) {
    for (const { value } of probesOf(field)) {
      const { columns } = out.encode('person', { [field]: value });
      if (Object.keys(columns).length > 0) return { field, value, columns };
    }
  }
  return undefined;
}

function textOf(cell: unknown): string {
  return cell === null || cell === undefined ? '' : String(cell as string | number | boolean);
}

function fail(peer: LivePeer): void {
  const supported = peer.faults?.supported;
  const kind = (['disconnect', 'error'] as const).find((k) => supported === undefined || supported.includes(k));
  if (peer.faults === undefined || kind === undefined) throw new NotRun('this system cannot be told to fail');
  peer.faults.fail({ kind });
}

function describe(error: unknown): string {
  return error === undefined ? 'no error' : error instanceof YiciError ? `${error.code}, final` : 'an unknown error';
}
