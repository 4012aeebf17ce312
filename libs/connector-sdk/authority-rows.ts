import type { Connector } from './connector.js';

/** `authority:` of a folder as rows of the table of authority. */
export function authorityRows(connector: Pick<Connector, 'id' | 'manifest'>): { system: string; field: string; rank: number; condition?: string }[] {
  return Object.entries(connector.manifest.authority).map(([field, said]) =>
    typeof said === 'number' ? { system: connector.id, field, rank: said } : { system: connector.id, field, rank: said.rank, condition: said.when },
  );
}
