-- What only a scope may see, told to the database: so that answers outside it need no query more or less whether it exists.
alter table source_record add column scopes text[] not null default '{}';
comment on column source_record.scopes is 'Restricted facets this record carries: a reader needs all of them to know of it.';
alter table entity add column open_to text[] not null default '{""}';
comment on column entity.open_to is 'Of each member record the scopes it needs, joined by +, each once; empty text: everybody. A reader knows of the entity when one of them is open.';
alter table entity_search add column scopes text[] not null default '{}';
comment on column entity_search.scopes is 'Scopes that a reader needs to find the entity by this value.';
comment on column blocking_key.token is 'Keyed hash of the name, to count distinct people behind one key. 0: nobody is counted; -1: of a restricted record, which counts in nothing that others see.';

-- A store from before: systems that are restricted as a whole are known by their authority, mixed ones by their next versions.
update source_record set scopes = array['correction'] where system in (select system from authority where field = 'facets.correction');
update blocking_key set token = -1 where record_id in (select id from source_record where scopes <> '{}');
update entity e set open_to = m.open_to from (
  select c.entity_id, array_agg(distinct array_to_string(s.scopes, '+')) as open_to from crosswalk c join source_record s on s.id = c.record_id group by c.entity_id) m
 where m.entity_id = e.id and m.open_to <> '{""}';

alter table entry add column failure_code text;
alter table entry add column failure_reason text;
comment on column entry.failure_reason is 'Why it could not be worked on, for the worker; no personal value.';
