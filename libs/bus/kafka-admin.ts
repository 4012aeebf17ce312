import type { Admin } from 'kafkajs';
import { setTimeout as sleep } from 'node:timers/promises';
import { YiciError } from '#libs/kernel/errors';
import type { KafkaClient } from './kafka-client.js';

const PAUSE_MS = 200;

/**
 * Questions to the brokers. kafkajs gives up at the first broken connection and may keep the dead one: a question that failed is
 * asked again through a new connection, until `limitMs` is over.
 */
export class KafkaAdmin {
  private open: Promise<Admin> | undefined;
  private closing = false;

  constructor(private readonly client: KafkaClient) {}

  /** @throws YICI_LOG_LOGIN_REFUSED, YICI_LOG_NOT_ALLOWED at once; YICI_LOG_UNREACHABLE, with the last failure as its cause, when the time is over. */
  async ask<T>(limitMs: number, question: (admin: Admin) => Promise<T>): Promise<T> {
    const end = Date.now() + limitMs;
    for (;;) {
      const open = (this.open ??= this.connect());
      try {
        return await question(await open);
      } catch (error) {
        if (error instanceof YiciError) throw error;
        if (this.open === open) this.open = undefined;
        await disconnect(open);
        const names = namesOf(error);
        if (names.includes('KafkaJSSASLAuthenticationError')) throw loginRefused(error);
        if (names.some((n) => n.endsWith('_AUTHORIZATION_FAILED'))) throw notAllowed(error);
        if (this.closing || Date.now() + PAUSE_MS > end) throw unreachable(error);
        await sleep(PAUSE_MS);
      }
    }
  }

  async close(): Promise<void> {
    this.closing = true;
    if (this.open) await disconnect(this.open);
    this.open = undefined;
  }

  private async connect(): Promise<Admin> {
    const admin = this.client.admin();
    try {
      await admin.connect();
      return admin;
    } catch (error) {
      await admin.disconnect().catch(() => undefined);
      throw error;
    }
  }
}

async function disconnect(open: Promise<Admin>): Promise<void> {
  await open.then((admin) => admin.disconnect()).catch(() => undefined);
}

/** Names of an error and the brokers' own names of it; kafkajs wraps: the reason may lie two causes deep. */
function namesOf(error: unknown): string[] {
  const names: string[] = [];
  for (let e = error; e instanceof Error; e = e.cause) names.push(e.name, (e as { type?: string }).type ?? '');
  return names;
}

function loginRefused(cause: unknown): YiciError {
  return new YiciError({
    code: 'YICI_LOG_LOGIN_REFUSED', stage: 'config', severity: 'fatal', cause, message: 'The Kafka brokers refuse the user name or password.',
    fix: 'Check YICI_KAFKA_USERNAME, YICI_KAFKA_PASSWORD and YICI_KAFKA_MECHANISM.',
  });
}

function notAllowed(cause: unknown): YiciError {
  return new YiciError({
    code: 'YICI_LOG_NOT_ALLOWED', stage: 'config', severity: 'fatal', cause, message: 'The Kafka brokers do not let this user do what the hub needs.',
    fix: 'Give it the rights that docs/operating.md names.',
  });
}

function unreachable(cause: unknown): YiciError {
  return new YiciError({
    code: 'YICI_LOG_UNREACHABLE', stage: 'sending', retriable: true, cause, message: 'The Kafka brokers do not answer.',
    fix: 'Check that they run, that KAFKA_BROKERS names them as they name themselves (advertised.listeners), and YICI_KAFKA_TLS.',
  });
}
