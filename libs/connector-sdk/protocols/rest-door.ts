import type { Clock } from '#libs/kernel/clock';
import { YiciError } from '#libs/kernel/errors';
import { RotatingSecret } from '../rotating-secret.js';
import type { RowOutcome } from '../table-mapper.js';
import { Nonces, verify, type HmacAlgorithm } from './hmac.js';

export interface PushRequest {
  /** Names in lower case. */
  headers: Readonly<Record<string, string | undefined>>;
  /** The body as it came, before any parser: the signature is over its bytes. */
  body: Uint8Array;
}

export interface ReceivedPush {
  /** One an item, in the order of the body. */
  outcomes: RowOutcome[];
  /** The very request was sent before: what it holds has had its effect. */
  again: boolean;
}

/** Where a system brings what is new: one protocol, one address below `/intake/<system>/`. */
export interface PushDoor {
  /** Requests a minute that it takes; undefined: any number. */
  readonly perMinute: number | undefined;
  /**
   * What a request holds. The caller publishes it before it answers 2xx. Throws YiciErrors of which nothing was taken: those of
   * the keeper, YICI_PUSH_MEDIA_TYPE, YICI_PUSH_MALFORMED, YICI_PUSH_EMPTY, YICI_PUSH_TOO_MANY, YICI_SNAPSHOT_SCHEMA_DRIFT.
   */
  receive(request: PushRequest): ReceivedPush;
}

export interface DoorRules {
  hmac: HmacAlgorithm;
  /** Signs the body; absent: this door asks for the token alone. */
  secret?: RotatingSecret | undefined;
  /** Bearer token; absent: this door asks for the signature alone. */
  token?: RotatingSecret | undefined;
  maxAgeSeconds: number;
}

const BEARER = /^Bearer +([\w.~+/=-]+)$/i;

/** Lets in who signs, or carries the token, or both, as the folder says. */
export class DoorKeeper {
  private readonly nonces: Nonces;

  constructor(private readonly rules: DoorRules, private readonly clock: Clock) {
    this.nonces = new Nonces(rules.maxAgeSeconds);
  }

  /**
   * Whether the very request came before. Such a one passes: senders retry when an answer is lost, and what it holds has no effect
   * twice. Throws what `verify` throws, YICI_PUSH_TOKEN_MISSING, YICI_PUSH_TOKEN_WRONG.
   */
  admit({ headers, body }: PushRequest): boolean {
    const { secret, token, hmac, maxAgeSeconds } = this.rules;
    const now = this.clock.now();
    if (token !== undefined) checkToken(headers['authorization'], token);
    if (secret === undefined) return false;
    return this.nonces.again(verify(headers, body, { algorithm: hmac, secrets: secret.values, now, maxAgeSeconds }), now);
  }

  /** Whether this is the token of this door: it tells a stranger from a neighbour at the wrong one. */
  knows(authorization: string | undefined): boolean {
    const given = BEARER.exec(authorization ?? '')?.[1];
    return given !== undefined && this.rules.token?.includes(given) === true;
  }
}

function checkToken(authorization: string | undefined, token: RotatingSecret): void {
  const given = BEARER.exec(authorization ?? '')?.[1];
  if (given === undefined) throw refused('YICI_PUSH_TOKEN_MISSING', 'The request carries no bearer token.');
  if (!token.includes(given)) throw refused('YICI_PUSH_TOKEN_WRONG', 'The bearer token is not the agreed one.');
}

function refused(code: string, message: string): YiciError {
  return new YiciError({ code, stage: 'receiving', message, fix: 'Send the agreed token in Authorization: Bearer …' });
}

/** Media type of a request in lower case; '' when it names none. Throws YICI_PUSH_MEDIA_TYPE unless it is one of `allowed` in UTF-8. */
export function checkedMediaType(contentType: string | undefined, allowed: readonly string[]): string {
  const [type = '', ...parameters] = (contentType ?? '').toLowerCase().split(';').map((p) => p.trim());
  const charset = parameters.find((p) => p.startsWith('charset='))?.slice('charset='.length).replaceAll('"', '') ?? 'utf-8';
  if (allowed.includes(type) && ['utf-8', 'utf8', 'us-ascii'].includes(charset)) return type;
  throw new YiciError({
    code: 'YICI_PUSH_MEDIA_TYPE', stage: 'receiving', message: 'The hub does not read this kind of content here.', fix: `Send ${allowed.filter((t) => t !== '').join(' or ')}, in UTF-8.`,
  });
}
