import type { Transaction } from '#libs/store/unit-of-work';

/** First pass: stage one for persons, two for households. Second pass: stages three and four. Dwellings have one stage. */
export type Pass = 1 | 2;

/** Component and cluster of a record after each pass, each named by the record id of its smallest member. */
export interface Labels {
  component: [number, number];
  cluster: [number, number];
}

interface LabelRow {
  record_id: string;
  component1: string;
  cluster1: string;
  component2: string;
  cluster2: string;
}

const COLUMNS = 'record_id, component1, cluster1, component2, cluster2';

/** The labels of records; records never resolved are absent. */
export async function readLabels(tx: Transaction, ids: readonly number[]): Promise<Map<number, Labels>> {
  if (ids.length === 0) return new Map();
  const result = await tx.client.query<LabelRow>({
    name: 'labels', text: `select ${COLUMNS} from resolution_state where record_id = any($1::bigint[])`, values: [ids],
  });
  return labelled(result.rows);
}

/** Labels of every record of the given components (or clusters) after the given pass. */
export async function readLabelled(tx: Transaction, by: 'component' | 'cluster', pass: Pass, labels: readonly number[]): Promise<Map<number, Labels>> {
  if (labels.length === 0) return new Map();
  const result = await tx.client.query<LabelRow>({
    name: `labelled_${by}${pass}`, text: `select ${COLUMNS} from resolution_state where ${by}${pass} = any($1::bigint[])`, values: [labels],
  });
  return labelled(result.rows);
}

export async function writeLabels(tx: Transaction, labels: ReadonlyMap<number, Labels>): Promise<void> {
  if (labels.size === 0) return;
  const rows = [...labels];
  await tx.client.query({
    name: 'labels_write',
    text: `insert into resolution_state (${COLUMNS}) select * from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
           on conflict (record_id) do update set component1 = excluded.component1, cluster1 = excluded.cluster1,
             component2 = excluded.component2, cluster2 = excluded.cluster2`,
    values: [
      rows.map(([id]) => id), rows.map(([, l]) => l.component[0]), rows.map(([, l]) => l.cluster[0]),
      rows.map(([, l]) => l.component[1]), rows.map(([, l]) => l.cluster[1]),
    ],
  });
}

function labelled(rows: readonly LabelRow[]): Map<number, Labels> {
  return new Map(rows.map((r) => [Number(r.record_id), {
    component: [Number(r.component1), Number(r.component2)], cluster: [Number(r.cluster1), Number(r.cluster2)],
  }]));
}
