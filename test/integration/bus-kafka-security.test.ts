import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { NodeProcess } from '#test/support/child-process';
import { KafkaNodes } from '#test/support/kafka-broker';
import { describeWithKafka } from '#test/support/kafka-under-test';

const PASSWORD = 'a-password-for-a-test';
const WAIT_MS = 60_000;
const dir = mkdtempSync(path.join(os.tmpdir(), 'yici-kafka-tls-'));
const authority = path.join(dir, 'authority.pem');
let nodes: KafkaNodes;

/** What the process printed. */
async function signIn(environment: Record<string, string>, readyMs = WAIT_MS): Promise<string> {
  const brokers = nodes.secureBrokers.join(',');
  const { stdout } = await new NodeProcess('test/support/kafka-sign-in.mjs', [String(readyMs)], {
    KAFKA_BROKERS: brokers, YICI_KAFKA_TLS: 'true', YICI_KAFKA_USERNAME: 'hub', YICI_KAFKA_PASSWORD: PASSWORD, NODE_EXTRA_CA_CERTS: authority, ...environment,
  }).ended;
  return stdout.trim();
}

describeWithKafka('a Kafka that asks who comes', () => {
  beforeAll(async () => {
    const keyStore = path.join(dir, 'broker.p12');
    const store = ['-keystore', keyStore, '-storetype', 'PKCS12', '-storepass', PASSWORD, '-alias', 'broker'];
    execFileSync('keytool', ['-genkeypair', ...store, '-keyalg', 'EC', '-groupname', 'secp256r1', '-validity', '2', '-dname', 'CN=broker', '-ext', 'san=ip:127.0.0.1', '-ext', 'bc=ca:true'], { stdio: 'ignore' });
    writeFileSync(authority, execFileSync('keytool', ['-exportcert', '-rfc', ...store], { stdio: ['ignore', 'pipe', 'ignore'] }));
    nodes = await KafkaNodes.start({ secure: { keyStore, username: 'hub', password: PASSWORD } });
  }, 120_000);
  afterAll(async () => {
    await nodes.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  it('lets the hub write and read, encrypted, under its name', async () => {
    expect(await signIn({})).toBe('through');
  }, 2 * WAIT_MS);

  it('is told apart when it refuses the password: it is not waited for', async () => {
    expect(await signIn({ YICI_KAFKA_PASSWORD: 'another' })).toBe('YICI_LOG_LOGIN_REFUSED');
  }, 2 * WAIT_MS);

  it.each([
    ['shows a certificate that nobody vouches for', { NODE_EXTRA_CA_CERTS: '' }],
    ['is spoken to without encryption', { YICI_KAFKA_TLS: 'false' }],
  ])('is not reached when it %s', async (_why, environment) => {
    expect(await signIn(environment, 3000)).toBe('YICI_LOG_UNREACHABLE');
  }, 2 * WAIT_MS);
}, { own: true });
