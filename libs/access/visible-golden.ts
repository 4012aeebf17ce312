import { parseRecordKey, type RecordKey } from '#libs/kernel/record-key';
import { RESTRICTED_FACETS } from '#libs/model/bodies';
import type { GoldenFields, GoldenRecord, GoldenValue } from '#libs/model/golden-record';
import type { Account, FacetScope } from './account.js';
import { masked } from './masking.js';
import type { SecretSystems } from './secret-systems.js';

/** What a reader gets of a golden record. No version and no time of recording: those move when a hidden record changes. */
export interface VisibleGolden {
  id: string;
  recordType: GoldenRecord['recordType'];
  fields: GoldenFields;
  members: RecordKey[];
  memberEntities?: GoldenRecord['memberEntities'];
  /** The newest source time among what is shown. */
  asOf?: string;
}

/**
 * The golden record as this account may see it: the same, to the byte, whether hidden records exist or not. Restricted facets
 * outside the account's scopes are left out, and with them every value and every vote of the records that carry them, and of
 * systems that are secret as a whole; the best remaining value stands in. (A visible record that merely agreed with a hidden
 * winner is not in `others`: whoever has the members works the fields out anew from the visible ones first.) Statisticians get citizen IDs and phones masked and
 * no raw texts or record keys (natural keys of some systems are citizen IDs).
 */
export function visibleGolden(golden: GoldenRecord, account: Account, secret: SecretSystems): VisibleGolden {
  const hidden = hiddenRecords(golden, account, secret);
  const fields: GoldenFields = {};
  for (const [path, value] of Object.entries(golden.fields)) {
    if (!facetVisible(path, account)) continue;
    const shown = withoutRecords(value, hidden);
    if (shown) fields[path] = shown;
  }
  const visible: VisibleGolden = {
    id: golden.id,
    recordType: golden.recordType,
    fields,
    members: golden.members.filter((m) => !hidden(m)),
    ...(golden.memberEntities && { memberEntities: golden.memberEntities }),
  };
  const asOf = newest(fields);
  if (asOf !== undefined) visible.asOf = asOf;
  return account.role === 'statistician' ? withoutIdentities(visible) : visible;
}

/** May this account see this canonical path at all? */
export function facetVisible(path: string, account: Account): boolean {
  const facet = /^facets\.(\w+)/.exec(path)?.[1];
  const restricted = RESTRICTED_FACETS.find((f) => f === facet);
  return restricted === undefined || account.facetScopes.includes(restricted);
}

/** Tells the records this account must not know of, from the golden record alone. */
function hiddenRecords(golden: GoldenRecord, account: Account, secret: SecretSystems): (key: RecordKey) => boolean {
  const closed = (scope: FacetScope): boolean => !account.facetScopes.includes(scope);
  const carriers = new Set<RecordKey>();
  for (const facet of RESTRICTED_FACETS.filter(closed)) {
    for (const [path, value] of Object.entries(golden.fields)) {
      if (path !== `facets.${facet}` && !path.startsWith(`facets.${facet}.`)) continue;
      for (const v of [value, ...(value.others ?? [])]) carriers.add(v.provenance.record);
    }
  }
  return (key) => {
    if (carriers.has(key)) return true;
    const scope = secret.get(parseRecordKey(key).system);
    return scope !== undefined && closed(scope);
  };
}

function withoutRecords(given: GoldenValue, hidden: (key: RecordKey) => boolean): GoldenValue | undefined {
  const value = given.itemProvenance ? withoutElements(given, hidden) : given;
  if (!value) return undefined;
  const candidates = [{ value: value.value, provenance: value.provenance }, ...(value.others ?? [])];
  const [winner, ...others] = candidates.filter((c) => !hidden(c.provenance.record));
  if (!winner) return undefined;
  if (others.length + 1 === candidates.length) return value;
  // The reason may tell of a hidden rival: one that stands alone is given as such, one that moved up won by its rank.
  const reason = others.length === 0 ? 'onlyValue' : winner.provenance === value.provenance ? value.provenance.reason : 'authority';
  const shown: GoldenValue = { value: winner.value, provenance: { ...winner.provenance, reason } };
  return others.length > 0 ? { ...shown, others } : shown;
}

/** A merged list without the elements of hidden records; undefined when none stays. */
function withoutElements(list: GoldenValue, hidden: (key: RecordKey) => boolean): GoldenValue | undefined {
  const elements = list.value as unknown[];
  const kept = list.itemProvenance!.map((provenance, i) => ({ provenance, element: elements[i] })).filter((e) => !hidden(e.provenance.record));
  if (kept.length === elements.length) return list;
  const reason = kept.length === 1 ? 'onlyValue' : 'mergedSet';
  const itemProvenance = kept.map((e) => ({ ...e.provenance, reason }));
  return itemProvenance[0] && { ...list, value: kept.map((e) => e.element), provenance: itemProvenance[0], itemProvenance };
}

function newest(fields: GoldenFields): string | undefined {
  let latest: string | undefined;
  for (const { provenance } of Object.values(fields)) {
    const time = provenance.trueAt ?? provenance.observedAt;
    if (latest === undefined || Date.parse(time) > Date.parse(latest)) latest = time;
  }
  return latest;
}

function withoutIdentities(visible: VisibleGolden): VisibleGolden {
  const fields: GoldenFields = {};
  for (const [path, { value, provenance }] of Object.entries(visible.fields)) {
    const { system, observedAt, trueAt, reason } = provenance;
    const bare = { record: `${system}:${visible.recordType}:*`, system, observedAt, ...(trueAt !== undefined && { trueAt }), reason };
    fields[path] = { value: masked({ [path]: value })[path], provenance: bare };
  }
  return { ...visible, fields, members: [] };
}
