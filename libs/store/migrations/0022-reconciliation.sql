-- A target's own rows compared with what the hub holds of them.
create table reconciliation (
  id         text primary key,
  target     text not null,
  actor      text not null,
  state      text not null check (state in ('running', 'done', 'failed')),
  repair     boolean not null,
  code       text,
  reason     text,
  records_read bigint not null default 0,
  records_held bigint not null default 0,
  repaired   bigint not null default 0,
  started_at timestamptz not null,
  ended_at   timestamptz
);
comment on table reconciliation is 'Runs of the comparison of a target with the hub, with what they came to.';
create index reconciliation_target on reconciliation (target, id);

create table drift (
  target       text not null,
  record_ref   bytea not null,
  kind         text not null check (kind in ('missed', 'changed', 'vanished', 'lostWrite')),
  record_type  text not null,
  sealed_key   bytea not null,
  entity_id    text,
  first_seen_at timestamptz not null,
  last_seen_at timestamptz not null,
  run_id       text not null,
  repaired_at  timestamptz,
  primary key (target, record_ref, kind)
);
comment on table drift is 'Records that differ between a target and the hub as of the last run; first_seen_at is its age. missed: the hub does not have it; changed: the hub has another version; vanished: the target has it no more; lostWrite: what was written there is not there.';
