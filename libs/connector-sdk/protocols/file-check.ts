import type { Connector } from '../connector.js';

/** Faults of what a folder says about files that come and go. All are pushed. */
export function checkFiles(connector: Connector, faults: string[]): void {
  const { live, delivery } = connector.manifest;
  for (const spec of [...live, ...(delivery === undefined ? [] : [delivery])]) {
    if ((spec.protocol !== 'file-fetch' && spec.protocol !== 'file-drop') || spec.transport !== 'sftp') continue;
    if (spec.hostKeySecret === undefined) faults.push(`connector.yaml: ${spec.protocol} over sftp pins the server's key (hostKeySecret)`);
  }
  if (live.filter((spec) => spec.protocol === 'file-fetch').length > 1) faults.push('connector.yaml: live fetches files twice');
  if (delivery?.protocol === 'file-drop') checkDrop(connector, delivery, faults);
  if (delivery?.protocol === 'workbook-download') checkDownload(connector, delivery, faults);
}

function checkDrop(connector: Connector, drop: { rows: 'table' | 'field-lines' | 'tickets'; table?: string | undefined }, faults: string[]): void {
  const { manifest, mappingOut } = connector;
  if (drop.rows === 'tickets') {
    if (mappingOut.ticket === undefined) faults.push('mapping.out.yaml: a system that takes tickets says how one is written (ticket)');
    return;
  }
  if (mappingOut.person === undefined) return void faults.push('mapping.out.yaml: person is missing');
  if (drop.rows === 'field-lines') return;
  const table = manifest.snapshot.tables.find((t) => t.id === drop.table);
  if (table === undefined) faults.push('connector.yaml: file-drop names the table whose rows it writes (table)');
  else if (table.read.format !== 'dbf' && table.read.format !== 'delimited') faults.push(`connector.yaml: rows of a ${table.read.format} file cannot be dropped`);
  const { key, carry } = mappingOut.person;
  const rule = manifest.records.find((r) => r.type === 'person' && !r.derived);
  const whole = rule?.key.columns.length === 1 && rule.key.columns[0] === key && rule.key.slice === undefined;
  if (!whole && !carry.includes(key)) faults.push(`mapping.out.yaml: the natural key is not all of ${key}: carry it, or its rows name nobody`);
}

function checkDownload({ manifest, mappingOut }: Connector, download: { table: string; sheetColumn?: string | undefined }, faults: string[]): void {
  const table = manifest.snapshot.tables.find((t) => t.id === download.table);
  if (table?.read.format !== 'workbook') faults.push('connector.yaml: workbook-download names a table that is read from workbooks');
  if (mappingOut.person === undefined) faults.push('mapping.out.yaml: person is missing');
  else if (download.sheetColumn !== undefined && !mappingOut.person.carry.includes(download.sheetColumn)) faults.push(`mapping.out.yaml: person carries ${download.sheetColumn}, which names the sheet`);
}
