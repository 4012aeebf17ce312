create table city (
  code          text primary key,
  name          text not null,
  snapshot_date date not null,
  divisions     text not null,
  changed_at    timestamptz not null
);
comment on table city is 'The city this store is about, with its divisions.csv as given: public reference data every reader of addresses needs.';
