-- The embedded log gets dense offsets for each partition, handed out under the lock of the partition's row, so that offsets
-- become visible in their order. The first design (one identity for all, readers stop at pg_snapshot_xmin) had two faults:
-- a transaction with an older id may take a later number than one that is still open, so a reader could skip a message; and
-- any long transaction anywhere in the server held every reader back.
create table log_partition (
  topic       text not null,
  partition   smallint not null,
  next_offset bigint not null default 0,
  primary key (topic, partition)
) with (fillfactor = 50);
comment on table log_partition is 'Partitions of each topic of the embedded log, and the offset each will write next; its row is locked while a publisher appends.';

create table log_member (
  consumer_group text not null,
  member         text not null,
  topics         text[] not null,
  alive_until    timestamptz not null,
  backend        integer,
  primary key (consumer_group, member)
);
comment on table log_member is 'Processes that read the embedded log for a group; each renews its row, and partitions are shared among those alive.';
comment on column log_member.backend is 'Server process of a connection the member holds open: when it is gone, the member is, without waiting for alive_until.';

alter table log_message alter column "offset" drop identity;
alter table log_message drop column tx;
alter table log_message alter column value set storage external;
comment on table log_message is 'The embedded log. Offsets are dense in a partition and committed in order, because appending holds the lock of its log_partition row.';
alter table log_cursor set (fillfactor = 50);

-- Appends messages of one topic in one round trip; values are slices of one byte string (an array of bytea would travel as hex).
create function log_append(p_topic text, p_partitions smallint[], p_keys text[], p_headers jsonb[], p_lengths integer[], p_values bytea)
returns void language plpgsql as $$
begin
  -- In order of partition, so that two publishers never wait for each other in a circle.
  perform from log_partition where topic = p_topic and partition = any(p_partitions) order by partition for update;
  with message as (
    select p, k, h, l, n,
           sum(l) over (order by n) - l as start,
           row_number() over (partition by p order by n) - 1 as i
    from unnest(p_partitions, p_keys, p_headers, p_lengths) with ordinality as u(p, k, h, l, n)),
  moved as (
    update log_partition lp set next_offset = lp.next_offset + c.n
    from (select p, count(*) as n from message group by p) c
    where lp.topic = p_topic and lp.partition = c.p
    returning lp.partition, lp.next_offset - c.n as first)
  insert into log_message (topic, partition, "offset", key, headers, value)
  select p_topic, m.p, moved.first + m.i, m.k, coalesce(m.h, '{}'), substring(p_values from m.start::integer + 1 for m.l)
  from message m join moved on moved.partition = m.p;
  perform pg_notify('yici_log', p_topic);
end $$;
comment on function log_append is 'Appends messages to partitions of one topic, in the order given.';

-- Keeps a member of a consumer group alive and gives it its share: partition p of a topic belongs to the (p mod n)-th of the
-- n living members that read the topic. Returns the partitions it holds; those with assigned = false it should let go.
create function log_heartbeat(p_group text, p_member text, p_topics text[], p_lease interval, p_backend integer)
returns table (topic text, partition smallint, next_offset bigint, assigned boolean) language plpgsql as $$
#variable_conflict use_column
declare
  changed boolean;
begin
  perform pg_advisory_xact_lock(hashtext('yici_log_group'), hashtext(p_group));
  changed := not exists (select from log_member where consumer_group = p_group and member = p_member);
  insert into log_member (consumer_group, member, topics, alive_until, backend) values (p_group, p_member, p_topics, now() + p_lease, p_backend)
    on conflict (consumer_group, member) do update set alive_until = excluded.alive_until, backend = excluded.backend;
  delete from log_member where consumer_group = p_group and member <> p_member
    and (alive_until < now() or not exists (select from pg_stat_activity a where a.pid = coalesce(backend, a.pid)));
  if found then changed := true; end if;
  if changed then perform pg_notify('yici_log', 'group:' || p_group); end if;
  return query
    with living as (
      select t.topic, m.member, row_number() over (partition by t.topic order by m.member) - 1 as j, count(*) over (partition by t.topic) as n
      from log_member m cross join unnest(m.topics) as t(topic) where m.consumer_group = p_group),
    share as (
      select c.topic, c.partition, (l.member is not null) as assigned
      from log_cursor c left join living l on l.topic = c.topic and l.member = p_member and l.j = c.partition % l.n
      where c.consumer_group = p_group and c.topic = any(p_topics))
    update log_cursor c set owner = p_member, lease_until = now() + p_lease
    from share s
    where c.consumer_group = p_group and c.topic = s.topic and c.partition = s.partition
      and (c.owner = p_member or (s.assigned and (c.lease_until < now()
        or not exists (select from log_member m where m.consumer_group = p_group and m.member = c.owner))))
    returning c.topic, c.partition, c.next_offset, s.assigned;
end $$;
comment on function log_heartbeat is 'Renews a member of a consumer group and claims its share of partitions.';
