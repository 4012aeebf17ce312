-- 校核/异议: somebody says that a value is wrong; the department believed for it answers within a term.
create table dispute (
  id          text primary key,
  record_type text not null check (record_type in ('person', 'household', 'dwelling')),
  record_ref  bytea not null,
  field       text not null,
  department  text not null,
  scopes      text[] not null default '{}',
  account_id  text not null,
  state       text not null check (state in ('open', 'answered', 'withdrawn')),
  outcome     text check (outcome in ('upheld', 'corrected')),
  sealed_claim  bytea not null,
  sealed_answer bytea,
  opened_at   timestamptz not null,
  due_on      date not null,
  answered_at timestamptz,
  answered_by text,
  settled_at  timestamptz,
  failure_reason text
);
comment on table dispute is 'A value somebody disputes, and the answer. record_ref: the record the value was won by, so that the dispute follows it through merges and splits. scopes: what a reader needs to know of it. Overdue is open past due_on.';
comment on column dispute.settled_at is 'When resolution has taken the correcting record in; null while it is on its way, and of answers that bring none.';
create unique index dispute_once on dispute (record_ref, field) where state = 'open';
create index dispute_list on dispute (opened_at, id);
create index dispute_record on dispute (record_ref) where state = 'open';
create index dispute_unsettled on dispute (answered_at) where state = 'answered' and outcome = 'corrected' and settled_at is null;

create table dispute_term (
  field        text primary key,
  working_days integer not null check (working_days between 1 and 250)
);
comment on table dispute_term is 'How many working days a department has to answer about a field, where it is not the ordinary term; a facet stands for its parts.';

create table calendar_exception (
  day   date primary key,
  works boolean not null
);
comment on table calendar_exception is 'Public holidays on weekdays and working days on weekends, as announced each year; other days follow the week.';

alter table account add column departments text[] not null default '{}';
comment on column account.departments is 'Systems in whose name the account answers disputes.';
