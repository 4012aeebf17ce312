import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, openSync, closeSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { projectRoot } from '#libs/platform/project-root';

const run = promisify(execFile);

export interface KafkaNodesOptions {
  /** 1 or 3. Three keep every message three times, two of them in sync. */
  nodes?: number;
  /** A second door, encrypted and with a user (SCRAM-SHA-512). The key store is PKCS12 and has this password too. */
  secure?: { keyStore: string; username: string; password: string };
}

interface Node {
  id: number;
  dir: string;
  port: number;
  securePort: number;
  child?: ChildProcess;
  ended?: Promise<void>;
}

/** Apache Kafka (KRaft) as processes of their own, from the jars that .ci/kafka-jars fetches. An open port is not readiness: who connects waits. */
export class KafkaNodes {
  private constructor(private readonly dir: string, private readonly jars: string, private readonly nodes: Node[]) {}

  static async start({ nodes: count = 1, secure }: KafkaNodesOptions = {}): Promise<KafkaNodes> {
    const jars = (await run(path.join(projectRoot(), '.ci/kafka-jars'))).stdout.trim();
    const dir = mkdtempSync(path.join(os.tmpdir(), 'yici-kafka-'));
    const ports = await freePorts(count * 3);
    const nodes = Array.from({ length: count }, (_, i) => ({ id: i + 1, dir: path.join(dir, String(i + 1)), port: ports[i]!, securePort: ports[2 * count + i]! }));
    const voters = nodes.map((n, i) => `${n.id}@127.0.0.1:${ports[count + i]!}`).join(',');
    const cluster = randomBytes(16).toString('base64url');
    const all = new KafkaNodes(dir, jars, nodes);
    await Promise.all(nodes.map(async (node, i) => {
      mkdirSync(node.dir);
      const open = serverProperties(node, ports[count + i]!, voters, count);
      const lines = { ...open, ...(secure && secureProperties(open, node, secure)) };
      const users = secure === undefined ? [] : ['--add-scram', `SCRAM-SHA-512=[name=${secure.username},password=${secure.password}]`];
      writeFileSync(all.file(node), Object.entries(lines).map(([name, value]) => `${name}=${value}\n`).join(''));
      await run('java', ['-Xmx128m', '-cp', `${jars}/*`, 'kafka.tools.StorageTool', 'format', `--cluster-id=${cluster}`, '-c', all.file(node), ...users]);
      all.startNode(node.id);
    }));
    return all;
  }

  get brokers(): string[] {
    return this.nodes.map((n) => `127.0.0.1:${n.port}`);
  }

  get secureBrokers(): string[] {
    return this.nodes.map((n) => `127.0.0.1:${n.securePort}`);
  }

  /** kill -9. */
  async kill(id: number): Promise<void> {
    const node = this.node(id);
    node.child?.kill('SIGKILL');
    await node.ended;
  }

  /** Starts a node that was killed, on its own data. */
  startNode(id: number): void {
    const node = this.node(id);
    const out = openSync(path.join(node.dir, 'out.log'), 'a');
    const heap = this.nodes.length > 1 ? '-Xmx256m' : '-Xmx512m';
    const child = spawn('java', ['-Xms128m', heap, '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-cp', `${this.jars}/*`, 'kafka.Kafka', this.file(node)], {
      stdio: ['ignore', out, out],
    });
    closeSync(out);
    node.child = child;
    // A test run that is ended in the middle leaves no broker behind.
    const orphan = (): void => { child.kill('SIGKILL'); };
    process.once('exit', orphan);
    node.ended = new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', () => {
        process.off('exit', orphan);
        resolve();
      });
    });
  }

  /** What the nodes printed, for a test that failed. */
  output(): string {
    return this.nodes.map((n) => readFileSync(path.join(n.dir, 'out.log'), 'utf8')).join('\n');
  }

  /** Ends all at once: the data is thrown away. */
  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((n) => this.kill(n.id)));
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 10 });
  }

  private node(id: number): Node {
    return this.nodes.find((n) => n.id === id)!;
  }

  private file(node: Node): string {
    return path.join(node.dir, 'server.properties');
  }
}

function serverProperties(node: Node, controllerPort: number, voters: string, count: number): Record<string, string> {
  const copies = String(count);
  const inSync = String(Math.max(1, count - 1));
  return {
    'process.roles': 'broker,controller', 'node.id': String(node.id), 'controller.quorum.voters': voters,
    listeners: `PLAINTEXT://127.0.0.1:${node.port},CONTROLLER://127.0.0.1:${controllerPort}`, 'advertised.listeners': `PLAINTEXT://127.0.0.1:${node.port}`,
    'inter.broker.listener.name': 'PLAINTEXT', 'controller.listener.names': 'CONTROLLER', 'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': path.join(node.dir, 'data'),
    'offsets.topic.replication.factor': copies, 'transaction.state.log.replication.factor': copies, 'share.coordinator.state.topic.replication.factor': copies,
    'transaction.state.log.min.isr': inSync, 'share.coordinator.state.topic.min.isr': inSync, 'min.insync.replicas': inSync,
    'offsets.topic.num.partitions': '4', 'group.initial.rebalance.delay.ms': '0', 'auto.create.topics.enable': 'false',
    // With the default of 9 s a broker that was killed cannot register again for 12–15 s.
    'broker.session.timeout.ms': '1000', 'broker.heartbeat.interval.ms': '200',
    ...(count > 1 && { 'controller.quorum.election.timeout.ms': '500', 'controller.quorum.fetch.timeout.ms': '1000', 'replica.lag.time.max.ms': '5000' }),
  };
}

function secureProperties(open: Record<string, string>, node: Node, { keyStore, password }: NonNullable<KafkaNodesOptions['secure']>): Record<string, string> {
  const door = `SECURE://127.0.0.1:${node.securePort}`;
  return {
    listeners: `${open['listeners']},${door}`, 'advertised.listeners': `${open['advertised.listeners']},${door}`,
    'listener.security.protocol.map': `${open['listener.security.protocol.map']},SECURE:SASL_SSL`,
    'listener.name.secure.sasl.enabled.mechanisms': 'SCRAM-SHA-512',
    'listener.name.secure.scram-sha-512.sasl.jaas.config': 'org.apache.kafka.common.security.scram.ScramLoginModule required;',
    'listener.name.secure.ssl.keystore.type': 'PKCS12', 'listener.name.secure.ssl.keystore.location': keyStore, 'listener.name.secure.ssl.keystore.password': password,
  };
}

/** Ports that were free at the same moment. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => new Promise<ReturnType<typeof createServer>>((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server));
  })));
  const ports = servers.map((s) => (s.address() as AddressInfo).port);
  await Promise.all(servers.map((s) => new Promise((resolve) => { s.close(resolve); })));
  return ports;
}
