import { RequestRefused } from '#libs/access/request-refused';
import type { Connector } from '#libs/connector-sdk/connector';
import { PushReceiver, type PushRequest } from '#libs/connector-sdk/protocols/rest-push';
import type { RowOutcome } from '#libs/connector-sdk/table-mapper';
import type { Clock } from '#libs/kernel/clock';
import { YiciError } from '#libs/kernel/errors';
import type { Logger } from '#libs/platform/logger';
import type { Metrics } from '#libs/platform/metrics';
import type { Divisions } from '#libs/values/divisions';
import { liveTrouble, stopsConnector, type ConnectorStates } from './connector-states.js';
import type { TakeRows } from './take-rows.js';

export interface PushIntakeParts {
  clock: Clock;
  logger: Logger;
  metrics: Metrics;
  divisions: Divisions;
  takeRows: TakeRows;
  states: ConnectorStates;
  secret(name: string): string | undefined;
}

interface Door {
  /** Undefined: its secret is missing, so nothing it is sent can be believed. */
  receiver: PushReceiver | undefined;
}

const SIGNATURE_FAULTS = new Set(['YICI_PUSH_UNSIGNED', 'YICI_PUSH_SIGNATURE_WRONG', 'YICI_PUSH_TOO_OLD']);

/** What systems push to the hub, each by the live spec of its folder. */
export class PushIntake {
  /** By `<system>/<path>`. */
  private readonly doors = new Map<string, Door>();
  private readonly refused;

  constructor(connectors: readonly Connector[], private readonly parts: PushIntakeParts) {
    this.refused = parts.metrics.counter('yici_intake_pushes_refused_total', 'Pushes of which nothing was taken, by cause.', ['system', 'code']);
    for (const connector of connectors) {
      for (const spec of connector.manifest.live) {
        if (spec.protocol !== 'rest-push') continue;
        const secret = parts.secret(spec.secret);
        const receiver = secret === undefined ? undefined : new PushReceiver(connector, spec, secret, parts.divisions, parts.clock);
        this.doors.set(`${connector.id}/${spec.path}`, { receiver });
      }
    }
  }

  /**
   * Outcomes in the order of the body; resolves when the log has acknowledged what was accepted and the rest is stored.
   * Throws RequestRefused: 404 no such door, 401 not signed as agreed, 400 and 413 for a body that is no array of agreed size;
   * retriable errors (503) while the connector is disabled or stopped or the hub cannot take records: the sender keeps them.
   */
  async receive(system: string, path: string, request: PushRequest): Promise<RowOutcome[]> {
    const door = this.doors.get(`${system}/${path}`);
    if (door === undefined) {
      throw new RequestRefused(404, { code: 'YICI_NOT_FOUND', message: 'No system pushes to this address.', fix: 'Check the address: /intake/<system>/<path>.' });
    }
    if (door.receiver === undefined) {
      throw new YiciError({ code: 'YICI_CONNECTOR_DISABLED', stage: 'receiving', retriable: true, message: 'This connector is disabled.', fix: 'Ask who runs the hub to configure it.' });
    }
    const outcomes = await this.opened(system, door.receiver, request);
    await this.parts.takeRows.take(system, outcomes);
    await this.parts.states.report(system, 'live');
    return outcomes;
  }

  private async opened(system: string, receiver: PushReceiver, request: PushRequest): Promise<RowOutcome[]> {
    try {
      return receiver.receive(request);
    } catch (error) {
      if (!(error instanceof YiciError)) throw error;
      this.refused.inc({ system, code: error.code });
      this.parts.logger.warn('intake.pushRefused', { system }, error);
      throw await this.answerOf(system, error);
    }
  }

  private async answerOf(system: string, error: YiciError): Promise<YiciError> {
    if (SIGNATURE_FAULTS.has(error.code)) {
      // Which part is wrong is for the log: who forges a signature learns nothing here.
      return new RequestRefused(401, { code: 'YICI_PUSH_NOT_SIGNED', message: 'The request is not signed as agreed.', fix: 'Check secret, clock and that the body is signed byte for byte.' });
    }
    if (stopsConnector(error.code)) {
      await this.parts.states.report(system, 'live', liveTrouble(error));
      return new YiciError({ code: error.code, stage: error.stage, retriable: true, message: error.message, fix: error.fix, cause: error });
    }
    const status = error.code === 'YICI_PUSH_TOO_MANY' ? 413 : 400;
    return new RequestRefused(status, { code: error.code, message: error.message, fix: error.fix });
  }
}
