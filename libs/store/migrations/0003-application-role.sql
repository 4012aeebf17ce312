-- The role the hub works as. It can add to the append-only tables, never change or remove what stands there.
-- Roles belong to the whole server: another database of it may have made this one already.
do $$
begin
  create role yici_app nologin;
exception when duplicate_object or unique_violation then
  null;
end $$;

grant usage on schema public to yici_app;
grant select, insert, update, delete on all tables in schema public to yici_app;
grant usage, select, update on all sequences in schema public to yici_app;
revoke update, delete on source_record_version, entity_version, crosswalk_history, steward_decision, audit_log from yici_app;
revoke insert, update, delete on schema_migration from yici_app;

-- Tables of later migrations; a new append-only one revokes again.
alter default privileges in schema public grant select, insert, update, delete on tables to yici_app;
alter default privileges in schema public grant usage, select, update on sequences to yici_app;
