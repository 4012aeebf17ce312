-- What a decision does at each target: said before it is made, and kept with it.
create table decision_receipt (
  decision_id text primary key,
  lines       jsonb not null,
  made_at     timestamptz not null
);
comment on table decision_receipt is 'For each target what a steward decision writes there, or why that cannot be undone there and whom to ask. Names of columns only, no value. What became of the writes stands in delivery, by cause.';
revoke update, delete on decision_receipt from yici_app;
