-- First schema of the hub. Rules:
--  * what identifies or describes a resident is in `sealed*` columns (AES-256-GCM, key outside the database);
--  * what must be found by exact value is found through a keyed blind index (`*_ref`, HMAC-SHA-256 cut to 16 bytes);
--  * idempotency is a unique constraint, never a check in code.

-- ---------------------------------------------------------------- source records
create sequence source_record_id_seq as bigint;

create table source_record (
  id            bigint primary key,
  record_ref    bytea not null,
  system        text not null,
  record_type   text not null check (record_type in ('person', 'household', 'dwelling')),
  version_order text not null collate "C",
  source_time   timestamptz,
  observed_at   timestamptz not null,
  state         text not null check (state in ('current', 'withdrawn')),
  test          boolean not null default false,
  content_digest bytea not null,
  origin_source text not null,
  origin_position bigint not null,
  sealed_key    bytea not null,
  sealed_body   bytea not null
);
comment on table source_record is 'The current version of every source record, one row a (system, record type, natural key); ids come from source_record_id_seq.';
comment on column source_record.record_ref is 'Blind index of the record key system:type:natural key.';
comment on column source_record.content_digest is 'Keyed digest of the canonical content without times and origin: equal content is no change.';

create table source_record_version (
  record_id     bigint not null,
  version_order text not null collate "C",
  source_time   timestamptz,
  observed_at   timestamptz not null,
  state         text not null,
  content_digest bytea not null,
  origin_source text not null,
  origin_position bigint not null,
  sealed_body   bytea not null
);
comment on table source_record_version is 'Versions that a newer one of the same record has replaced, or that came late and never were current. Append-only.';

create table quality_issue (
  record_id bigint not null,
  field     text not null,
  code      text not null
);
comment on table quality_issue is 'Doubts about single fields of current source records; the raw text is sealed with the record.';

-- ---------------------------------------------------------------- identity
create table blocking_key (
  key       bigint not null,
  record_id bigint not null,
  token     integer not null
);
comment on table blocking_key is 'Keyed 64-bit hashes that propose candidate pairs; token is a keyed hash of the name, to count distinct people behind one key.';

create table resolution_state (
  record_id  bigint primary key,
  component1 bigint not null,
  cluster1   bigint not null,
  component2 bigint not null,
  cluster2   bigint not null
);
comment on table resolution_state is 'Per record, component and cluster of the first and second pass, each named by the record id of its smallest member.';

create table entity (
  id          text primary key,
  record_type text not null check (record_type in ('person', 'household', 'dwelling')),
  version     integer not null,
  state       text not null check (state in ('active', 'merged', 'retired')),
  merged_into text,
  valid_from  timestamptz not null,
  recorded_at timestamptz not null,
  member_count integer not null,
  sealed_golden bytea not null
);
comment on table entity is 'Golden records, current version. A merged id redirects for ever through merged_into.';

create table entity_version (
  entity_id     text not null,
  version       integer not null,
  valid_from    timestamptz not null,
  recorded_from timestamptz not null,
  recorded_to   timestamptz not null,
  cause         text not null,
  sealed_golden bytea not null,
  primary key (entity_id, version)
);
comment on table entity_version is 'Earlier versions of golden records: when it was true (valid_from) and when it was known (recorded_from to recorded_to). Append-only.';

create table crosswalk (
  record_id   bigint primary key,
  entity_id   text not null,
  attached    boolean not null default false,
  probability real,
  linked_at   timestamptz not null
);
comment on table crosswalk is 'Which golden record each source record belongs to; attached: contributes no identity.';

create table crosswalk_history (
  record_id  bigint not null,
  entity_id  text not null,
  from_time  timestamptz not null,
  to_time    timestamptz not null,
  cause      text not null
);
comment on table crosswalk_history is 'Earlier links, so that a merge can be undone and explained. Append-only.';

create table entity_search (
  entity_id text not null,
  kind      text not null check (kind in ('citizenId', 'phone', 'name', 'dwelling')),
  value_ref bytea not null
);
comment on table entity_search is 'Blind indexes of golden values for exact search.';

create table household_member (
  household_id text not null,
  person_id    text not null,
  relation     text,
  primary key (household_id, person_id)
);
comment on table household_member is 'Golden membership of persons in households.';

create table steward_decision (
  id          text primary key,
  kind        text not null check (kind in ('link', 'noLink', 'revoke')),
  sealed_records bytea not null,
  record_refs bytea[] not null,
  revokes     text,
  actor       text not null,
  reason      text,
  decided_at  timestamptz not null
);
comment on table steward_decision is 'Append-only constraints on the partition, between record keys, never entity ids.';

create table review (
  id          text primary key,
  kind        text not null,
  record_type text not null,
  pair_ref    bytea not null unique,
  record_ids  bigint[] not null,
  probability real,
  state       text not null check (state in ('open', 'link', 'noLink', 'askAtTheDoor', 'obsolete')),
  restricted  boolean not null default false,
  sealed_evidence bytea not null,
  opened_at   timestamptz not null,
  decided_at  timestamptz
);
comment on table review is 'Potential matches and contested IDs that wait for a person. Never changes the partition by itself.';

-- ---------------------------------------------------------------- flows
create table inbox (
  consumer     text not null,
  message_id   text not null,
  processed_at timestamptz not null default now(),
  primary key (consumer, message_id)
);
comment on table inbox is 'One row a message whose effect is committed; written in the transaction of the effect.';

create table outbox (
  id         bigint generated always as identity primary key,
  topic      text not null,
  key        text not null,
  initial    boolean not null default false,
  event      bytea not null,
  created_at timestamptz not null default now()
);
comment on table outbox is 'Events to publish, in the transaction that caused them; the relay deletes what the log has acknowledged. initial: from a bulk load, delivered only after a rehearsed first connection.';

create table watermark (
  system   text not null,
  channel  text not null,
  position jsonb not null,
  moved_at timestamptz not null,
  primary key (system, channel)
);
comment on table watermark is 'How far a source is read; moves only after the log has acknowledged.';

create table snapshot_file (
  digest     text primary key,
  system     text not null,
  name       text not null,
  bytes      bigint not null,
  state      text not null check (state in ('reading', 'read', 'refused')),
  rows_read  bigint not null default 0,
  rows_accepted bigint not null default 0,
  rows_superseded bigint not null default 0,
  rows_void  bigint not null default 0,
  rows_dead  bigint not null default 0,
  reason     text,
  started_at timestamptz not null,
  ended_at   timestamptz
);
comment on table snapshot_file is 'Every file offered, by the digest of its bytes; counts balance: read = accepted + superseded + void + dead.';

create table connector_state (
  system     text primary key,
  state      text not null check (state in ('running', 'stopped', 'disabled')),
  code       text,
  reason     text,
  changed_at timestamptz not null
);
comment on table connector_state is 'A connector stopped by schema drift or disabled by configuration, with the reason.';

create table dead_letter (
  id          text primary key,
  system      text not null,
  record_type text not null,
  natural_key_ref bytea,
  sealed_natural_key bytea,
  code        text not null,
  stage       text not null,
  reason      text not null,
  origin_source text not null,
  origin_position bigint not null,
  sealed_bytes bytea not null,
  created_at  timestamptz not null,
  replayed_at timestamptz,
  unique (system, origin_source, origin_position, code)
);
comment on table dead_letter is 'What could not be read or written, with its original bytes; reason holds no personal value.';

create table entry (
  id           text primary key,
  kind         text not null,
  account_id   text not null,
  community    text,
  state        text not null check (state in ('accepted', 'resolved', 'failed')),
  entity_id    text,
  sealed_entry bytea not null,
  submitted_at timestamptz not null,
  resolved_at  timestamptz
);
comment on table entry is 'What workers entered once; itself a source record of system hub with this id as natural key.';

-- ---------------------------------------------------------------- fan-out
create table authority (
  system text not null,
  field  text not null,
  rank   integer not null,
  condition text,
  primary key (system, field)
);
comment on table authority is 'Which source is believed for what: authority of every connector.yaml, loaded at start. Lower rank wins.';

create table sharing_agreement (
  id           text primary key,
  provider     text not null,
  target       text not null,
  field        text not null,
  channel      text not null,
  code_table   text,
  purpose      text not null,
  legal_basis  text not null,
  condition    text not null check (condition in ('unconditional', 'conditional', 'none')),
  condition_text text,
  expires_on   date,
  catalogue_id text,
  state        text not null check (state in ('proposed', 'approved', 'revoked')),
  decided_by   text,
  decided_at   timestamptz,
  unique (provider, target, field)
);
comment on table sharing_agreement is 'Proposed by connector folders, in force only when approved here. Absent means no.';

create table delivery (
  id            text primary key,
  target        text not null,
  record_type   text not null,
  target_ref    bytea not null,
  entity_id     text not null,
  entity_version integer not null,
  cause         text not null,
  action        text not null check (action in ('update', 'create', 'ticket')),
  state         text not null check (state in ('notShared', 'noRecord', 'waiting', 'written', 'pickedUp', 'confirmed', 'rejected')),
  reason_code   text,
  reason        text,
  attempts      integer not null default 0,
  next_attempt_at timestamptz,
  sealed_payload bytea,
  created_at    timestamptz not null,
  changed_at    timestamptz not null,
  unique (target, record_type, target_ref, entity_id, entity_version, cause)
);
comment on table delivery is 'One change for one record of one target, and how far it got: the receipt line. target_ref: blind index of the target key, or of our own ref while the key is not minted.';

create table projection (
  target      text not null,
  record_type text not null,
  target_ref  bytea not null,
  entity_id   text not null,
  sealed_key  bytea not null,
  sealed_fields bytea not null,
  delivery_id text not null,
  written_at  timestamptz not null,
  primary key (target, record_type, target_ref)
);
comment on table projection is 'What we last wrote to each target record: tells an echo from a change.';

create table minted_key (
  target      text not null,
  record_type text not null,
  own_ref     text not null,
  entity_id   text not null,
  target_ref  bytea not null,
  sealed_key  bytea not null,
  minted_at   timestamptz not null,
  primary key (target, record_type, own_ref)
);
comment on table minted_key is 'Keys that targets gave to records the hub created there.';

create table first_connection (
  target     text primary key,
  state      text not null check (state in ('rehearsed', 'approved')),
  differences bigint not null,
  approved_by text,
  changed_at timestamptz not null
);
comment on table first_connection is 'A target gets nothing before its first differences were rehearsed and approved.';

-- ---------------------------------------------------------------- access
create table account (
  id            text primary key,
  username      text not null unique,
  display_name  text not null,
  role          text not null check (role in ('admin', 'steward', 'worker', 'statistician', 'auditor')),
  communities   text[] not null default '{}',
  facet_scopes  text[] not null default '{}',
  password_hash text not null,
  disabled      boolean not null default false,
  created_at    timestamptz not null
);
comment on table account is 'People who may sign in; communities limits what they see (empty: whole city); facet_scopes opens restricted facets.';

create table session (
  token_ref  bytea primary key,
  account_id text not null references account(id),
  created_at timestamptz not null,
  expires_at timestamptz not null
);
comment on table session is 'Signed-in sessions, by blind index of the token.';

create table audit_log (
  id         bigint primary key,
  at         timestamptz not null,
  actor      text not null,
  action     text not null,
  subject    text,
  detail     jsonb,
  previous   bytea not null,
  digest     bytea not null
);
comment on table audit_log is 'Who read or changed what; each row holds the digest of the one before, so that a gap or an edit shows. Append-only.';

-- ---------------------------------------------------------------- the log (embedded transport)
create table log_message (
  topic      text not null,
  partition  smallint not null,
  "offset"   bigint generated always as identity,
  key        text not null,
  headers    jsonb not null default '{}',
  value      bytea not null,
  written_at timestamptz not null default now(),
  tx         xid8 not null default pg_current_xact_id(),
  primary key (topic, partition, "offset")
);
comment on table log_message is 'The embedded log. Readers never pass pg_snapshot_xmin(pg_current_snapshot()): identities commit out of order.';

create table log_cursor (
  consumer_group text not null,
  topic          text not null,
  partition      smallint not null,
  next_offset    bigint not null,
  owner          text,
  lease_until    timestamptz,
  primary key (consumer_group, topic, partition)
);
comment on table log_cursor is 'How far each consumer group has committed each partition.';
