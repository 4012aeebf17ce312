import type { Divisions } from '#libs/values/divisions';
import type { Connector } from './connector.js';
import type { LiveSpec } from './live-spec.js';
import { secretsOf } from './open-source.js';
import type { ConnectionParts } from './open-target.js';
import { CloudEventDoor, EVENT_STREAM } from './protocols/cloud-event-door.js';
import { CloudEventRows } from './protocols/cloud-event-rows.js';
import { DoorKeeper, type PushDoor } from './protocols/rest-door.js';
import { ArrayDoor } from './protocols/rest-push.js';
import type { CloudEventsSpec, IntakeSpec, RestPushSpec } from './protocols/rest-specs.js';
import { RotatingSecret } from './rotating-secret.js';
import { tableOfStream, type RowOrigin, type RowOutcome } from './table-mapper.js';

/** Live specs of systems that push. */
export type PushedSpec = RestPushSpec | CloudEventsSpec | IntakeSpec;

/** One address below `/intake/<system>/`. */
export interface OpenDoor {
  path: string;
  /** Undefined: a secret of it is missing, so nothing that it is sent can be believed. */
  door: PushDoor & { readonly keeper: DoorKeeper } | undefined;
}

function isPushed(spec: LiveSpec): spec is PushedSpec {
  return spec.protocol === 'rest-push' || spec.protocol === 'cloud-events' || spec.protocol === 'intake';
}

/** The addresses to which a connector's system pushes; none while it is not live. */
export function openDoors(connector: Connector, parts: ConnectionParts): OpenDoor[] {
  if (connector.manifest.mode !== 'live') return [];
  return connector.manifest.live.filter(isPushed).flatMap((spec) => doorsOf(connector, spec, parts));
}

/** What becomes of one event that was kept as a dead letter, read by the folder as it is now; undefined for what did not come as an event. */
export function eventAgain(connector: Connector, divisions: Divisions, bytes: Uint8Array, position: number, origin: RowOrigin): RowOutcome | undefined {
  if (!origin.source.startsWith(`${EVENT_STREAM}:`)) return undefined;
  const spec = connector.manifest.live.find((s) => s.protocol === 'cloud-events' && s.table === tableOfStream(origin.source)) as CloudEventsSpec | undefined;
  return spec === undefined ? undefined : new CloudEventRows(connector, spec, divisions).outcome(bytes, position, origin);
}

function doorsOf(connector: Connector, spec: PushedSpec, parts: ConnectionParts): OpenDoor[] {
  const paths = spec.protocol === 'intake' ? Object.entries(spec.records) : [[spec.path, spec.table] as const];
  if (secretsOf(spec).some((name) => parts.secret(name) === undefined)) return paths.map(([path]) => ({ path, door: undefined }));
  const secret = (name: string | undefined): RotatingSecret | undefined => (name === undefined ? undefined : RotatingSecret.find((n) => parts.secret(n), name));
  const { hmac, maxAgeSeconds } = spec;
  // One keeper for all addresses of a system: a request of one is none of another's.
  const keeper = new DoorKeeper({ hmac, maxAgeSeconds, secret: secret(spec.secret), token: secret('tokenSecret' in spec ? spec.tokenSecret : undefined) }, parts.clock);
  return paths.map(([path, table]) => ({ path, door: doorOf(connector, spec, { path, table }, keeper, parts) }));
}

function doorOf(connector: Connector, spec: PushedSpec, at: { path: string; table: string }, keeper: DoorKeeper, { divisions, clock }: ConnectionParts): OpenDoor['door'] {
  switch (spec.protocol) {
    case 'rest-push':
      return new ArrayDoor(connector, { ...at, least: 0, most: spec.maxItems }, keeper, divisions, clock);
    case 'intake':
      return new ArrayDoor(connector, { ...at, least: 1, most: spec.maxItems, perMinute: spec.requestsPerMinute }, keeper, divisions, clock);
    case 'cloud-events':
      return new CloudEventDoor(connector, spec, keeper, divisions, clock);
  }
}
