import { uuidv7 } from '#libs/kernel/ids';
import { compareUtf8 } from '#libs/kernel/hashing';
import type { RecordKey, RecordType } from '#libs/kernel/record-key';
import type { Sealing } from '#libs/platform/sealing';
import { recordRef } from '#libs/store/source-record-codec';
import type { Transaction } from '#libs/store/unit-of-work';

/** A pair that waits for a steward. */
export interface OpenReview {
  kind: 'contestedId' | 'twoIds' | 'ambiguous' | 'noWitness';
  recordType: RecordType;
  records: [number, number];
  keys: [RecordKey, RecordKey];
  probability: number;
  /** One of the two records belongs to a restricted system: only its own scope sees the review. */
  restricted: boolean;
}

/** Opens reviews, and closes those that no longer stand. What a steward decided stays as it is, and is not asked again. */
export class ReviewStore {
  constructor(private readonly sealing: Sealing) {}

  /** `around`: all records worked out anew; a review between two of them that nobody decided and that is not among `reviews` is obsolete. */
  async replace(tx: Transaction, reviews: readonly OpenReview[], around: readonly number[], now: Date): Promise<void> {
    const rows = reviews.map((r) => ({ ...r, pairRef: pairRef(this.sealing, r.keys), sealed: this.sealing.sealJson({ records: [...r.keys].sort(compareUtf8), reason: r.kind }) }));
    await tx.client.query({
      name: 'review_obsolete',
      text: `update review set state = 'obsolete', decided_at = $3
              where state in ('open', 'askAtTheDoor') and record_ids && $1::bigint[] and record_ids <@ $1::bigint[] and not (pair_ref = any($2::bytea[]))`,
      values: [around, rows.map((r) => r.pairRef), now],
    });
    if (rows.length === 0) return;
    await tx.client.query({
      name: 'review_open',
      text: `insert into review (id, kind, record_type, pair_ref, record_ids, probability, state, restricted, sealed_evidence, opened_at)
             select u.id, k, rt, pr, array[a, b], p, coalesce(d.kind, 'open'), r, s, $9
               from unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::bigint[], $6::bigint[], $7::real[], $8::boolean[], $10::bytea[], $11::bytea[], $12::bytea[])
                 as u(id, k, rt, pr, a, b, p, r, s, ra, rb)
               left join lateral (
                 select kind from steward_decision d where d.record_refs @> array[ra, rb] and kind <> 'revoke'
                   and not exists (select from steward_decision v where v.kind = 'revoke' and v.revokes = d.id)
                 order by decided_at desc, id desc limit 1) d on true
             on conflict (pair_ref) do update set state = case review.state when 'obsolete' then excluded.state else review.state end,
               decided_at = case review.state when 'obsolete' then null else review.decided_at end,
               kind = excluded.kind, probability = excluded.probability, sealed_evidence = excluded.sealed_evidence
              where review.state = 'obsolete' or (review.kind, review.probability) is distinct from (excluded.kind, excluded.probability)`,
      values: [
        rows.map(() => uuidv7(now.getTime())), rows.map((r) => r.kind), rows.map((r) => r.recordType), rows.map((r) => r.pairRef),
        rows.map((r) => r.records[0]), rows.map((r) => r.records[1]), rows.map((r) => r.probability), rows.map((r) => r.restricted), now, rows.map((r) => r.sealed),
        rows.map((r) => recordRef(this.sealing, r.keys[0])), rows.map((r) => recordRef(this.sealing, r.keys[1])),
      ],
    });
  }
}

/** Blind index of an unordered pair of records. */
export function pairRef(sealing: Sealing, keys: readonly [RecordKey, RecordKey]): Buffer {
  return sealing.ref('pair', [...keys].sort(compareUtf8).join('\n'));
}
