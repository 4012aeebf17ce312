-- The partition is a function of the records, the decisions and the model: a store keeps the model it was filled with.
create table match_model (
  one        boolean primary key default true check (one),
  model      jsonb not null,
  changed_at timestamptz not null
);
comment on table match_model is 'The match model that the records of this store are resolved with, as its file says it; no personal value. A program that ships another one goes on with this.';
