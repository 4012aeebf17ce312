import { RequestRefused } from '#libs/access/request-refused';
import type { Connector } from '#libs/connector-sdk/connector';
import { openDoors, type OpenDoor } from '#libs/connector-sdk/open-doors';
import type { ConnectionParts } from '#libs/connector-sdk/open-target';
import type { PushRequest, ReceivedPush } from '#libs/connector-sdk/protocols/rest-door';
import type { RowOutcome } from '#libs/connector-sdk/table-mapper';
import { YiciError } from '#libs/kernel/errors';
import type { Logger } from '#libs/platform/logger';
import type { Metrics } from '#libs/platform/metrics';
import { liveTrouble, stopsConnector, type ConnectorStates, type Side } from './connector-states.js';
import { PushAnswers } from './push-answers.js';
import { PushRate } from './push-rate.js';
import type { TakeRows } from './take-rows.js';

export interface PushIntakeParts extends ConnectionParts {
  logger: Logger;
  metrics: Metrics;
  takeRows: TakeRows;
  states: ConnectorStates;
}

export interface TakenPush {
  /** In the order of the body. */
  outcomes: readonly RowOutcome[];
  /** The same `Idempotency-Key` was answered before: this is that answer. */
  answeredBefore: boolean;
}

type Door = NonNullable<OpenDoor['door']>;

const NOT_SIGNED = new Set(['YICI_PUSH_UNSIGNED', 'YICI_PUSH_SIGNATURE_WRONG', 'YICI_PUSH_TOO_OLD', 'YICI_PUSH_TOKEN_MISSING', 'YICI_PUSH_TOKEN_WRONG']);
/** HTTP status of what the sender can mend; 400 for the others. */
const STATUS: Readonly<Record<string, number>> = { YICI_PUSH_TOO_MANY: 413, YICI_PUSH_MEDIA_TYPE: 415, YICI_PUSH_KEY_REUSED: 422 };

/** What systems push to the hub, each by the live specs of its folder. */
export class PushIntake {
  /** By `<system>/<path>`. */
  private readonly doors = new Map<string, Door | undefined>();
  private readonly answers = new PushAnswers<readonly RowOutcome[]>();
  private readonly rate: PushRate;
  private readonly refused;
  private readonly repeated;

  constructor(connectors: readonly Connector[], private readonly parts: PushIntakeParts) {
    this.rate = new PushRate(parts.clock);
    this.refused = parts.metrics.counter('yici_intake_pushes_refused_total', 'Pushes of which nothing was taken, by cause.', ['system', 'code']);
    this.repeated = parts.metrics.counter('yici_intake_pushes_repeated_total', 'Signed pushes that came again as they were: retries, or replays by somebody who listened. Without effect.', ['system']);
    for (const connector of connectors) {
      for (const { path, door } of openDoors(connector, parts)) this.doors.set(`${connector.id}/${path}`, door);
    }
  }

  /**
   * Resolves when the log has acknowledged what was accepted and the rest is stored. Throws RequestRefused: 404 no such door, 401 not
   * signed as agreed, 403 by another system, 429 too many requests, 400, 413, 415 and 422 for a body that is not as agreed;
   * retriable errors (503) while the connector is disabled or stopped or the hub cannot take records: the sender keeps them.
   */
  async receive(system: string, path: string, request: PushRequest): Promise<TakenPush> {
    const name = `${system}/${path}`;
    if (!this.doors.has(name)) {
      throw new RequestRefused(404, { code: 'YICI_NOT_FOUND', message: 'No system pushes to this address.', fix: 'Check the address: /intake/<system>/<path>.' });
    }
    const door = this.doors.get(name);
    if (door === undefined) {
      throw new YiciError({ code: 'YICI_CONNECTOR_DISABLED', stage: 'receiving', retriable: true, message: 'This connector is disabled.', fix: 'Ask who runs the hub to configure it.' });
    }
    const key = request.headers['idempotency-key'] ?? '';
    const { outcomes, before } = await this.opened(system, path, request, () => {
      const received = door.receive(request);
      return { ...received, before: key === '' ? undefined : this.answers.find(name, key, request.body) };
    });
    this.holdRate(system, door);
    if (before !== undefined) return { outcomes: before, answeredBefore: true };
    await this.parts.takeRows.take(system, outcomes);
    if (key !== '') this.answers.keep(name, key, request.body, outcomes.map(withoutContent));
    await this.parts.states.report(system, sideOf(path));
    return { outcomes, answeredBefore: false };
  }

  private async opened<T extends ReceivedPush>(system: string, path: string, request: PushRequest, open: () => T): Promise<T> {
    try {
      const received = open();
      if (received.again) this.repeated.inc({ system });
      return received;
    } catch (error) {
      if (!(error instanceof YiciError)) throw error;
      this.refused.inc({ system, code: error.code });
      this.parts.logger.warn('intake.pushRefused', { system }, error);
      throw await this.answerOf(system, path, request, error);
    }
  }

  /** Only who is known draws from the system's rate: a stranger cannot use it up. */
  private holdRate(system: string, { perMinute }: Door): void {
    const seconds = perMinute === undefined ? 0 : this.rate.take(system, perMinute);
    if (seconds === 0) return;
    this.refused.inc({ system, code: 'YICI_PUSH_TOO_OFTEN' });
    throw new RequestRefused(429, {
      code: 'YICI_PUSH_TOO_OFTEN', message: 'More requests than agreed; nothing of this one was taken.', fix: `Send the same again after ${seconds} seconds.`, headers: { 'Retry-After': String(seconds) },
    });
  }

  private async answerOf(system: string, path: string, request: PushRequest, error: YiciError): Promise<YiciError> {
    if (error.code === 'YICI_PUSH_TOKEN_WRONG' && [...this.doors.values()].some((d) => d?.keeper.knows(request.headers['authorization']) === true)) {
      return new RequestRefused(403, { code: 'YICI_PUSH_OTHER_SYSTEM', message: 'This token is of another system.', fix: 'Send to the address of the system that the token was given to.' });
    }
    if (NOT_SIGNED.has(error.code)) {
      // Which part is wrong is for the log: who forges a signature learns nothing here.
      return new RequestRefused(401, { code: 'YICI_PUSH_NOT_SIGNED', message: 'The request is not signed as agreed.', fix: 'Check secret, clock and that the body is signed byte for byte.' });
    }
    if (stopsConnector(error.code)) {
      await this.parts.states.report(system, sideOf(path), liveTrouble(error));
      return new YiciError({ code: error.code, stage: error.stage, retriable: true, message: error.message, fix: error.fix, cause: error });
    }
    return new RequestRefused(STATUS[error.code] ?? 400, { code: error.code, message: error.message, fix: error.fix });
  }
}

/** Each address is a side of its own: what comes well at one says nothing of another. */
function sideOf(path: string): Side {
  return `live.push ${path}`;
}

/** What an answer says of a row; its records and bytes are not kept for a repeated answer. */
function withoutContent(outcome: RowOutcome): RowOutcome {
  if (outcome.kind === 'accepted') return { ...outcome, records: [] };
  return outcome.kind === 'dead' ? { ...outcome, bytes: new Uint8Array() } : outcome;
}
