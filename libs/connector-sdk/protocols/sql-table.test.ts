import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { systemClock } from '#libs/kernel/clock';
import { Divisions } from '#libs/values/divisions';
import { loadConnector } from '../load-connector.js';
import type { SqlTableSpec } from './sql-specs.js';
import { SqlTableTarget } from './sql-table.js';

const corrections = loadConnector(path.resolve(import.meta.dirname, '../../../connectors/corrections'));
const target = (url: string): SqlTableTarget => new SqlTableTarget(corrections, corrections.manifest.delivery as SqlTableSpec, {
  secret: (name) => (name.endsWith('_URL') ? url : undefined), clock: systemClock, divisions: Divisions.parse('code,name,level,parent,valid_from,valid_to,successor\n'),
});

describe('an exchange table that is away', () => {
  it('says nothing of what was written to it, and is told as away by the next write', async () => {
    const away = target('postgres://hub:x@127.0.0.1:1/none');
    expect(await away.acknowledged(['1'])).toEqual(new Map());
    await expect(away.write([{ ref: 'r', recordType: 'person', naturalKey: 'K1', columns: { XZZ: 'x' }, plannedAt: new Date() }])).rejects.toMatchObject({ code: 'YICI_TARGET_UNREACHABLE', retriable: true });
    await away.close();
  });

  it('is no outage where somebody must mend something', async () => {
    await expect(target('postgres://hub:x@example.org/none').acknowledged(['1'])).rejects.toMatchObject({ code: 'YICI_HOST_NOT_ALLOWED' });
  });
});
