-- The sender asks for the oldest waiting delivery of each target record; the echo handler for what was written to one.
create index delivery_order on delivery (target, target_ref, id) where state = 'waiting' and next_attempt_at is not null;
create index delivery_written on delivery (target, target_ref) where state in ('written', 'pickedUp');
create index delivery_list on delivery (id, target, state);
create index sharing_agreement_target on sharing_agreement (target) where state = 'approved';
create index minted_key_entity on minted_key (entity_id);
