-- How many people live in a dwelling is told to targets that ask for it. Who lives where is worked out from the addresses that may be
-- counted for the target; a dwelling and an address meet at their doors: keyed hashes of compound, building, unit and room.
create table dwelling_door (
  dwelling_id text not null,
  door_ref    bytea not null,
  primary key (dwelling_id, door_ref)
);
comment on table dwelling_door is 'Ways in which an address may name a golden dwelling, as blind indexes.';
create index dwelling_door_ref on dwelling_door (door_ref);

create table dwelling_resident (
  target    text not null,
  person_id text not null,
  door_refs bytea[] not null,
  household text,
  provider  text not null,
  primary key (target, person_id)
);
comment on table dwelling_resident is 'Where a person lives as far as a target may count it; provider: whose word it is, so that a revoked agreement takes it out of the next count.';
create index dwelling_resident_door on dwelling_resident using gin (door_refs);
