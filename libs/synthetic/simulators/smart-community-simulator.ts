import { randomUUID, timingSafeEqual } from 'node:crypto';
import { join } from 'node:path';
import { Rng } from '../random.js';
import { readJsonLines } from './city-files.js';
import { Faults } from './faults.js';
import type { HttpDoor } from './http-door.js';
import { HTTP_FAULTS } from './http-faults.js';
import { jsonOf, openJsonDoor, type JsonCall } from './json-door.js';
import { ISO_CLOCK } from './office-clock.js';
import { PushQueue } from './push-queue.js';
import { known, refused } from './refusals.js';
import type { Simulator, SimulatorContext, StartSimulator, SystemRow, WrittenBack } from './simulator.js';
import { Users, type User } from './smart-community-users.js';

const LARGEST_BODY = 64 * 1024;
const UPDATED = 'cn.smart-community.user.updated';
const DELETED = 'cn.smart-community.user.deleted';
/** Names of connector.yaml. */
const PUSH_SECRET = 'YICI_SMART_COMMUNITY_PUSH_SECRET';
const PUSH_TOKEN = 'YICI_SMART_COMMUNITY_PUSH_TOKEN';
const API_TOKEN = 'YICI_SMART_COMMUNITY_API_TOKEN';
const URL_NAME = 'YICI_SMART_COMMUNITY_URL';

/**
 * The smart community platform as a running system: phone-first accounts, pushed as CloudEvents whenever one changes, listed on request.
 * Accounts are the residents' own: the hub may only say whether a name matches and which house an account belongs to.
 */
export class SmartCommunitySimulator implements Simulator {
  readonly system = 'smart-community';
  readonly faults = new Faults([...HTTP_FAULTS, 'busy', 'lost-answer', 'replay', 'out-of-order', 'echo']);
  readonly pushes: PushQueue;
  private readonly writes: WrittenBack[] = [];
  private door!: HttpDoor;

  private constructor(private readonly context: SimulatorContext, private readonly table: Users) {
    this.pushes = new PushQueue({
      hubUrl: context.hubUrl, path: '/intake/smart-community/events', secret: context.secret(PUSH_SECRET), token: context.secret(PUSH_TOKEN), hmac: 'sm3', disorder: 0.05,
      render: renderEvents, fault: () => this.faults.standing?.kind, log: context.log,
    }, new Rng('smart-community/push'));
  }

  static async start(context: SimulatorContext): Promise<SmartCommunitySimulator> {
    const users = readJsonLines(context.cityDir, 'smart-community', 'users.jsonl', 'userId', context.log);
    const simulator = new SmartCommunitySimulator(context, new Users(users, join(context.dir, 'smart-community.journal.jsonl')));
    simulator.door = await openJsonDoor({ port: context.port, largestBody: LARGEST_BODY, faults: simulator.faults, serve: (call) => simulator.serve(call) });
    return simulator;
  }

  get url(): string {
    return this.door.url;
  }

  get environment(): Readonly<Record<string, string>> {
    return { [URL_NAME]: this.url, ...Object.fromEntries([PUSH_SECRET, PUSH_TOKEN, API_TOKEN].map((name) => [name, this.context.secret(name)])) };
  }

  keys(): Promise<readonly string[]> {
    return Promise.resolve([...this.table.users.keys()].sort());
  }

  record(key: string): Promise<SystemRow | undefined> {
    const user = this.table.users.get(key);
    return Promise.resolve(user && { ...user });
  }

  /** What the hub said of the name of an account; undefined when it said nothing. */
  nameMatches(key: string): boolean | undefined {
    return this.table.nameMatches.get(key);
  }

  async change(key: string, patch: SystemRow): Promise<void> {
    const user = this.known(key);
    const { userId: _own, updatedAt: _time, registeredAt: _registered, ...columns } = patch;
    this.checkColumns(columns);
    this.save({ ...user, ...columns, updatedAt: ISO_CLOCK.after(user.updatedAt) });
    return Promise.resolve();
  }

  /** The resident gives or takes back a consent. Throws YICI_SIMULATOR_UNKNOWN_KEY. */
  consent(key: string, purpose: string, given: boolean): Promise<void> {
    const held = (this.known(key)['consents'] as string[] | null) ?? [];
    return this.change(key, { consents: given ? [...new Set([...held, purpose])] : held.filter((c) => c !== purpose) });
  }

  async add(row: SystemRow): Promise<string> {
    const { userId: _own, updatedAt: _time, registeredAt: _registered, ...columns } = row;
    if (typeof columns['mobile'] !== 'string') throw refused('The platform does not take this account: an account is opened by a mobile number.');
    this.checkColumns(columns);
    const userId = randomUUID();
    const now = ISO_CLOCK.now();
    const empty = { mobile: null, realName: null, nickName: null, idCard: null, idVerified: false, houseId: null, address: null, consents: [] };
    this.save({ userId, ...empty, ...columns, registeredAt: now, updatedAt: now });
    return Promise.resolve(userId);
  }

  /** The resident closes the account; the hub is told. Throws YICI_SIMULATOR_UNKNOWN_KEY. */
  remove(key: string): void {
    const user = this.known(key);
    const last: User = { ...user, updatedAt: ISO_CLOCK.after(user.updatedAt) };
    this.table.remove(last);
    this.pushes.add([event(DELETED, last)]);
  }

  written(): Promise<readonly WrittenBack[]> {
    return Promise.resolve([...this.writes]);
  }

  publish(): Promise<void> {
    this.pushes.add([...this.table.users.values()].map((user) => event(UPDATED, user)));
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    await this.pushes.stop();
    await this.door.close();
  }

  private save(user: User): void {
    this.table.put(user);
    this.pushes.add([event(UPDATED, user)]);
  }

  private known(key: string): User {
    return known(this.table.users.get(key), 'The platform has no account with this id.');
  }

  private checkColumns(columns: SystemRow): void {
    const faulty = this.table.faulty(columns);
    if (faulty.length > 0) throw refused(`The platform does not take this account: bad field: ${faulty.join(', ')}.`);
  }

  private serve(call: JsonCall): void {
    const { method, url, headers, fault, answer } = call;
    if (!isBearer(headers.authorization, this.context.secret(API_TOKEN))) return answer(401, { message: 'token' });
    if (fault?.kind === 'busy') return answer(503, { message: 'busy' }, { 'Retry-After': '1' });
    if (method === 'GET' && url.pathname === '/api/users') return this.list(call);
    const key = /^\/api\/users\/([^/]+)$/.exec(url.pathname)?.[1];
    if (key !== undefined && method === 'PATCH') return this.patch(decodeURIComponent(key), call);
    const user = key !== undefined && method === 'GET' ? this.table.users.get(decodeURIComponent(key)) : undefined;
    return user === undefined ? answer(404, { message: 'not found' }) : answer(200, user);
  }

  private list({ url: { searchParams: query }, answer }: JsonCall): void {
    const limit = Math.min(1000, Math.max(1, Number(query.get('limit') ?? '200') || 200));
    const page = this.table.page(query.get('updatedSince') ?? '', query.get('cursor') ?? '', limit);
    return page === undefined ? answer(400, { message: 'bad updatedSince or cursor' }) : answer(200, page);
  }

  private patch(key: string, { body, fault, answer, cut }: JsonCall): void {
    const columns = jsonOf(body);
    if (columns === undefined) return answer(422, { message: 'no JSON' });
    const done = this.table.patch(key, columns);
    const found = done.status !== 404;
    this.writes.push({ at: Date.now(), ...(found && { key }), columns: columns as Record<string, unknown>, answer: done.status === 200 ? 'taken' : `${done.status} ${done.message}` });
    if (done.changed !== undefined) this.pushes.add([event(UPDATED, this.faults.standing?.kind === 'echo' ? this.respelt(done.changed) : done.changed)]);
    if (fault?.kind === 'lost-answer') return cut();
    answer(done.status, done.status === 200 ? { userId: key, message: done.message } : { message: done.message });
  }

  /** A house id is a code and has no other spelling; what stands around it has. The account is kept as it is given out. */
  private respelt(user: User): User {
    const { address, mobile } = user;
    const spelt: User = {
      ...user,
      ...(typeof address === 'string' && { address: ` ${address.replaceAll('幢', '栋').replaceAll('单元', '-')}`.slice(0, 40) }),
      ...(typeof mobile === 'string' && /^1\d{10}$/.test(mobile) && { mobile: `+86 ${mobile}` }),
    };
    this.table.put(spelt);
    return spelt;
  }
}

export const startSmartCommunity: StartSimulator = (context) => SmartCommunitySimulator.start(context);

function event(type: string, user: User): object {
  return { specversion: '1.0', id: randomUUID(), source: '/smart-community', type, subject: user.userId, time: user.updatedAt, datacontenttype: 'application/json', data: user };
}

/** One change leaves as one event, several as a batch. */
function renderEvents(events: readonly object[]): { type: string; body: Buffer } {
  if (events.length === 1) return { type: 'application/cloudevents+json; charset=utf-8', body: Buffer.from(JSON.stringify(events[0])) };
  return { type: 'application/cloudevents-batch+json; charset=utf-8', body: Buffer.from(JSON.stringify(events)) };
}

function isBearer(authorization: string | undefined, token: string): boolean {
  const expected = Buffer.from(`Bearer ${token}`);
  const given = Buffer.from(authorization ?? '');
  return given.length === expected.length && timingSafeEqual(given, expected);
}
