import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { connectorSchemas } from '#libs/connector-sdk/connector-schemas';

const DIR = path.resolve(import.meta.dirname, '../../schemas/connector');

describe('schemas/connector', () => {
  const schemas = connectorSchemas();
  // After a deliberate change of the contract: UPDATE_SCHEMAS=1 npm run test:unit -- connector-schemas
  if (process.env['UPDATE_SCHEMAS'] !== undefined) for (const [file, text] of Object.entries(schemas)) writeFileSync(path.join(DIR, file), text);

  it.each(Object.keys(schemas))('%s is what the loader checks', (file) => {
    expect(readFileSync(path.join(DIR, file), 'utf8')).toBe(schemas[file]);
  });

  it('holds nothing else', () => {
    expect(readdirSync(DIR).filter((n) => n.endsWith('.json')).sort()).toEqual(Object.keys(schemas).sort());
  });
});
