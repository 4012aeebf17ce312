-- Rows that came through live protocols, counted as those of snapshot files are.
create table stream_rows (
  system        text not null,
  stream        text not null,
  rows_read     bigint not null,
  rows_accepted bigint not null,
  rows_void     bigint not null,
  rows_dead     bigint not null,
  counted_at    timestamptz not null,
  primary key (system, stream)
);
comment on table stream_rows is 'Rows taken from each stream of a live system; a row offered again is read again. Counted with the watermark and the dead letters, in one transaction.';

create view row_total as
  select system, rows_read, rows_accepted, rows_superseded, rows_void, rows_dead, ended_at from snapshot_file
  union all
  select system, rows_read, rows_accepted, 0, rows_void, rows_dead, counted_at from stream_rows;
comment on view row_total is 'Rows of every file and stream; each balances: read = accepted + superseded + void + dead.';
