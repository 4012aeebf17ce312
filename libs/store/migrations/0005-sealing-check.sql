create table sealing_check (
  only_row  boolean primary key default true check (only_row),
  check_ref bytea not null
);
comment on table sealing_check is 'One blind index made with the key file of this store: a hub with another key file is refused before it writes anything.';
revoke update, delete on sealing_check from yici_app;
