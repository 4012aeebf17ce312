import type pg from 'pg';
import { uuidv7 } from '#libs/kernel/ids';
import type { Sealing } from '#libs/platform/sealing';
import { copyBinary } from '#libs/store/copy';
import type { CopyEncoder } from '#libs/store/copy-encoder';
import { indexedKeys, type RecordFeatures } from '#libs/resolution/record-features';
import type { Labels } from '#libs/resolution/labels';
import { contentDigest, recordRef } from '#libs/store/source-record-codec';
import type { HeldRecord } from './held-record.js';
import type { SystemRead } from './read-system.js';

const optionalTime = (out: CopyEncoder, time: string | undefined): void => (time === undefined ? out.null() : out.timestamptz(Date.parse(time)));

export async function copySourceRecords(client: pg.ClientBase, sealing: Sealing, records: Iterable<HeldRecord>): Promise<void> {
  await copyBinary(client, 'source_record', [
    'id', 'record_ref', 'system', 'record_type', 'version_order', 'source_time', 'observed_at', 'state', 'test', 'content_digest', 'origin_source', 'origin_position', 'sealed_key', 'sealed_body', 'scopes',
  ], records, (r, out) => {
    out.int8(r.id);
    out.bytea(recordRef(sealing, r.key));
    out.text(r.system);
    out.text(r.recordType);
    out.text(r.order);
    optionalTime(out, r.sourceTime);
    out.timestamptz(Date.parse(r.observedAt));
    out.text(r.state);
    out.bool(r.test);
    out.bytea(contentDigest(sealing, r.content.toString('utf8')));
    out.text(r.origin.source);
    out.int8(r.origin.position);
    out.bytea(sealing.seal(r.key));
    out.bytea(sealing.seal(r.content));
    out.textArray(r.scopes);
  });
}

export async function copyHistory(client: pg.ClientBase, sealing: Sealing, versions: Iterable<{ recordId: number; version: HeldRecord }>): Promise<void> {
  await copyBinary(client, 'source_record_version', [
    'record_id', 'version_order', 'source_time', 'observed_at', 'state', 'content_digest', 'origin_source', 'origin_position', 'sealed_body',
  ], versions, ({ recordId, version: v }, out) => {
    out.int8(recordId);
    out.text(v.order);
    optionalTime(out, v.sourceTime);
    out.timestamptz(Date.parse(v.observedAt));
    out.text(v.state);
    out.bytea(contentDigest(sealing, v.content.toString('utf8')));
    out.text(v.origin.source);
    out.int8(v.origin.position);
    out.bytea(sealing.seal(v.content));
  });
}

export async function copyIssues(client: pg.ClientBase, records: Iterable<HeldRecord>): Promise<void> {
  function* rows(): Iterable<{ id: number; field: string; code: string }> {
    for (const r of records) for (const issue of r.issues ?? []) yield { id: r.id, field: issue.field, code: issue.code };
  }
  await copyBinary(client, 'quality_issue', ['record_id', 'field', 'code'], rows(), (r, out) => {
    out.int8(r.id);
    out.text(r.field);
    out.text(r.code);
  });
}

export async function copyDeadLetters(client: pg.ClientBase, sealing: Sealing, system: string, dead: SystemRead['dead'], now: number): Promise<void> {
  await copyBinary(client, 'dead_letter', [
    'id', 'system', 'record_type', 'natural_key_ref', 'sealed_natural_key', 'code', 'stage', 'reason', 'origin_source', 'origin_position', 'sealed_bytes', 'created_at',
  ], dead, ({ digest, row }, out) => {
    out.text(uuidv7(now));
    out.text(system);
    out.text(row.recordType);
    if (row.naturalKey === undefined) {
      out.null();
      out.null();
    } else {
      out.bytea(sealing.ref('record', `${system}:${row.recordType}:${row.naturalKey}`));
      out.bytea(sealing.seal(row.naturalKey));
    }
    out.text(row.code);
    out.text(row.stage);
    out.text(row.reason);
    out.text(digest);
    out.int8(row.position);
    out.bytea(sealing.seal(row.bytes));
    out.timestamptz(now);
  });
}

export async function copyKeys(client: pg.ClientBase, sealing: Sealing, features: readonly { id: number; features: RecordFeatures }[]): Promise<void> {
  function* rows(): Iterable<{ hash: bigint; id: number; token: number }> {
    for (const f of features) for (const k of indexedKeys(sealing, f.features)) yield { hash: BigInt(k.hash), id: f.id, token: k.token };
  }
  await copyBinary(client, 'blocking_key', ['key', 'record_id', 'token'], rows(), (r, out) => {
    out.int8(r.hash);
    out.int8(r.id);
    out.int4(r.token);
  });
}

export async function copyLabels(client: pg.ClientBase, labels: Iterable<[number, Labels]>): Promise<void> {
  await copyBinary(client, 'resolution_state', ['record_id', 'component1', 'cluster1', 'component2', 'cluster2'], labels, ([id, l], out) => {
    out.int8(id);
    out.int8(l.component[0]);
    out.int8(l.cluster[0]);
    out.int8(l.component[1]);
    out.int8(l.cluster[1]);
  });
}
