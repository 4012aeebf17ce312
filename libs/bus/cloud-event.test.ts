import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { TOPIC } from '#libs/model/events';
import { projectRoot } from '#libs/platform/project-root';
import { Sealing } from '#libs/platform/sealing';
import { ephemeralSealingKeys } from '#libs/platform/sealing-keys';
import { decodeEvent, encodeEvent, type CloudEvent } from './cloud-event.js';
import { partitionOf } from './partition-of.js';

const sealing = new Sealing(ephemeralSealingKeys());
const event: CloudEvent<'yici.golden-record.changed.v1'> = {
  id: 'e1', type: TOPIC.goldenRecordChanged, source: '/resolution', time: '2026-01-01T00:00:00.000Z',
  data: { entityId: 'p-1', recordType: 'person', version: 2, changed: ['name'], kind: 'updated', causes: ['grid:person:1'], initial: false },
};

describe('events', () => {
  it('come back as they went, and show nothing on the way', () => {
    const bytes = encodeEvent(sealing, event);
    expect(decodeEvent(sealing, TOPIC.goldenRecordChanged, bytes)).toEqual(event);
    expect(bytes.toString()).not.toContain('grid:person');
    expect(JSON.parse(bytes.toString())).toMatchObject({ specversion: '1.0', id: 'e1', type: event.type, source: '/resolution', time: event.time });
  });
  it('are refused from another topic, another hub, or damaged', () => {
    const bytes = encodeEvent(sealing, event);
    const refused = (f: () => unknown) => expect(f).toThrow('no event that this hub can open');
    refused(() => decodeEvent(sealing, TOPIC.command, bytes));
    refused(() => decodeEvent(new Sealing(ephemeralSealingKeys()), TOPIC.goldenRecordChanged, bytes));
    refused(() => decodeEvent(sealing, TOPIC.goldenRecordChanged, bytes.subarray(1)));
    refused(() => decodeEvent(sealing, TOPIC.goldenRecordChanged, Buffer.from('null')));
    refused(() => decodeEvent(sealing, TOPIC.goldenRecordChanged, Buffer.from(bytes.toString().replace('"id":"e1",', ''))));
  });
});

describe('schemas/events', () => {
  const dir = path.join(projectRoot(), 'schemas/events');
  const read = (file: string) => JSON.parse(readFileSync(path.join(dir, file), 'utf8')) as { $id: string; required?: string[]; properties?: Record<string, { const?: string; enum?: string[] }> };
  it('has a schema for each topic and no other, and an envelope that names them all', () => {
    const topics = Object.values(TOPIC).sort();
    const files = readdirSync(dir).filter((f) => f !== 'envelope.schema.json').sort();
    expect(files).toEqual(topics.map((t) => `${t}.schema.json`).sort());
    expect([...read('envelope.schema.json').properties!['type']!.enum!].sort()).toEqual(topics);
  });
  it('asks of the envelope and the data what is sent', () => {
    const sent = JSON.parse(encodeEvent(sealing, event).toString()) as Record<string, unknown>;
    expect(Object.keys(sent).sort()).toEqual([...read('envelope.schema.json').required!].sort());
    const schema = read('yici.golden-record.changed.v1.schema.json');
    for (const name of schema.required!) expect(event.data).toHaveProperty(name);
    for (const name of Object.keys(event.data)) expect(schema.properties).toHaveProperty(name);
  });
});

describe('partitions', () => {
  it('spread like keys evenly and never change', () => {
    const counts = new Array<number>(8).fill(0);
    for (let i = 0; i < 8000; i++) counts[partitionOf(`p-0192f0c1-0000-7000-8000-${String(i).padStart(12, '0')}`, 8)]! += 1;
    expect(Math.max(...counts)).toBeLessThan(1150);
    expect(Math.min(...counts)).toBeGreaterThan(850);
    expect([partitionOf('a', 8), partitionOf('hukou', 8), partitionOf('', 8)]).toEqual([partitionOf('a', 8), partitionOf('hukou', 8), partitionOf('', 8)]);
  });
});
