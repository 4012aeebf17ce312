-- A household that is merged or parted changes how many live in a dwelling without a change of any person: who is kept as living with it is found by it.
create index dwelling_resident_household on dwelling_resident (target, household);
