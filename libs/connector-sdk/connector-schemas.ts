import { z } from 'zod';
import { mappingInSchema } from '#libs/mapping/mapping-in';
import { mappingOutSchema } from '#libs/mapping/mapping-out';
import { sourceDescriptionSchema } from './connector.js';
import { manifestSchema } from './manifest.js';
import { sharingSchema } from './sharing.js';

const FILES = {
  'connector.schema.json': ['connector.yaml of a connector folder', manifestSchema],
  'mapping-in.schema.json': ['mapping.in.yaml of a connector folder', mappingInSchema],
  'mapping-out.schema.json': ['mapping.out.yaml of a connector folder', mappingOutSchema],
  'sharing.schema.json': ['sharing.yaml of a connector folder', sharingSchema],
  'source.schema.json': ['source.schema.json of a connector folder', sourceDescriptionSchema],
} as const;

/** The files of schemas/connector, by name: what authors of connector folders and their editors read. Texts end with LF. */
export function connectorSchemas(): Record<string, string> {
  return Object.fromEntries(Object.entries(FILES).map(([file, [title, schema]]) => {
    const { $schema, ...body } = z.toJSONSchema(schema, { io: 'input', reused: 'ref' });
    return [file, `${JSON.stringify({ $schema, $id: `https://yici.example/schemas/connector/${file}`, title, ...body }, null, 2)}\n`];
  }));
}
