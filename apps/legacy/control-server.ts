import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { YiciError } from '#libs/kernel/errors';
import type { Fault } from '#libs/synthetic/simulators/faults';
import type { Simulator } from '#libs/synthetic/simulators/simulator';

const MOST_KEYS = 500;
const LARGEST_BODY = 64 * 1024;

const row = z.record(z.string(), z.unknown());
const key = z.string().min(1);
/** What may be asked of one system; keys and values stand in bodies, never in addresses. */
const REQUESTS = {
  keys: z.strictObject({ after: z.string().optional(), limit: z.number().int().min(1).max(MOST_KEYS).default(100) }),
  record: z.strictObject({ key }),
  change: z.strictObject({ key, patch: row }),
  add: z.strictObject({ row }),
  written: z.strictObject({ last: z.number().int().min(1).max(MOST_KEYS).default(50) }),
  publish: z.strictObject({}),
  fail: z.strictObject({ fault: z.looseObject({ kind: z.string() }), requests: z.number().int().min(1).optional() }),
  heal: z.strictObject({}),
};
type Action = keyof typeof REQUESTS;

const HELP = `The simulated legacy systems.

GET  /systems
POST /systems/<id>/keys      {"after": "…", "limit": 100}
POST /systems/<id>/record    {"key": "…"}
POST /systems/<id>/change    {"key": "…", "patch": {"phone": "13800000000"}}   its office changes a record
POST /systems/<id>/add       {"row": {…}}                                      its office enters somebody new
POST /systems/<id>/written   {"last": 50}                                      what the hub wrote to it
POST /systems/<id>/publish   {}                                                writes its next file, or pushes everything
POST /systems/<id>/fail      {"fault": {"kind": "slow", "ms": 30000}, "requests": 3}
POST /systems/<id>/heal      {}
`;

/** A desk at the simulated systems, for people and tests: look at a record, change it, see what was written back, make a system fail. */
export class ControlServer {
  private constructor(private readonly server: Server) {}

  static async start(simulators: readonly Simulator[], port = 0): Promise<ControlServer> {
    const server = createServer((request, response) => void answer(simulators, request, response).catch(() => response.destroy()));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    return new ControlServer(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

async function answer(simulators: readonly Simulator[], request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [, collection, id, action] = (request.url ?? '/').split('/');
  if (collection === '' && request.method === 'GET') return void response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end(HELP);
  if (collection === 'systems' && id === undefined && request.method === 'GET') {
    return send(response, 200, simulators.map((s) => ({ system: s.system, faults: s.faults.supported ?? [], failing: s.faults.standing ?? null })));
  }
  const simulator = simulators.find((s) => s.system === id);
  if (collection !== 'systems' || simulator === undefined || !isAction(action) || request.method !== 'POST') return send(response, 404, { message: `There is nothing here. GET / tells what there is.` });
  try {
    send(response, 200, await act(simulator, action, await read(request)));
  } catch (error) {
    if (error instanceof z.ZodError) return send(response, 400, { message: error.issues.map((i) => `${i.path.join('.')}: ${i.message}`).join('; ') });
    if (error instanceof YiciError || error instanceof RangeError || error instanceof SyntaxError) return send(response, 422, { message: error.message });
    throw error;
  }
}

async function act(simulator: Simulator, action: Action, body: unknown): Promise<unknown> {
  switch (action) {
    case 'keys': {
      const { after, limit } = REQUESTS.keys.parse(body);
      const keys = await simulator.keys();
      const from = after === undefined ? 0 : keys.indexOf(after) + 1;
      return { total: keys.length, keys: keys.slice(from, from + limit) };
    }
    case 'record':
      return { record: (await simulator.record(REQUESTS.record.parse(body).key)) ?? null };
    case 'change': {
      const { key: changed, patch } = REQUESTS.change.parse(body);
      await simulator.change(changed, patch);
      return { record: (await simulator.record(changed)) ?? null };
    }
    case 'add':
      return { key: await simulator.add(REQUESTS.add.parse(body).row) };
    case 'written':
      return { written: (await simulator.written()).slice(-REQUESTS.written.parse(body).last) };
    case 'publish':
      await simulator.publish();
      return {};
    case 'fail': {
      const { fault, requests } = REQUESTS.fail.parse(body);
      simulator.faults.fail(fault as unknown as Fault, requests);
      return { failing: simulator.faults.standing ?? null };
    }
    case 'heal':
      simulator.faults.clear();
      return { failing: null };
  }
}

function isAction(text: string | undefined): text is Action {
  return text !== undefined && Object.hasOwn(REQUESTS, text);
}

async function read(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LARGEST_BODY) throw new RangeError('The body is too large.');
    chunks.push(chunk);
  }
  return size === 0 ? {} : JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

function send(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(value));
}
