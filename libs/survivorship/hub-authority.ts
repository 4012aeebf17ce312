import { createRequire } from 'node:module';
import type { AuthorityRow } from './authority.js';

const data = createRequire(import.meta.url)('#schemas/canonical/hub-authority.json') as { rows: AuthorityRow[] };

/** What a worker's entry is believed for, beside the rows of the connector folders. */
export const HUB_AUTHORITY: readonly AuthorityRow[] = data.rows;
