-- Persons are found by an address or a part of it, by blind indexes like every other value.
alter table entity_search drop constraint entity_search_kind_check;
alter table entity_search add constraint entity_search_kind_check check (kind in ('citizenId', 'phone', 'name', 'dwelling', 'address')) not valid;
alter table entity_search validate constraint entity_search_kind_check;

-- Addresses are sealed, so a store from before is indexed by the hub, which has the key.
create table search_backlog (
  entity_id text primary key
);
comment on table search_backlog is 'Golden records whose rows in entity_search are to be made anew, because what is searched by has grown; empty but after an upgrade.';
insert into search_backlog (entity_id) select id from entity where record_type = 'person' and state = 'active';
