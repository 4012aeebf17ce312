import { columnNames, type Connector } from '../connector.js';

/** How the workbook of a system's corrections is laid out. */
export interface WorkbookLayout {
  columns: readonly string[];
  /** Column of the system's own key. */
  key: string;
  sheetColumn?: string;
  title: string;
}

/** undefined: the system takes no workbook. */
export function workbookLayout({ manifest, mappingOut }: Connector): WorkbookLayout | undefined {
  const { delivery } = manifest;
  if (manifest.mode !== 'live' || delivery?.protocol !== 'workbook-download') return undefined;
  const table = manifest.snapshot.tables.find((t) => t.id === delivery.table)!;
  return { columns: columnNames(table.read), key: mappingOut.person!.key, title: delivery.title, ...(delivery.sheetColumn !== undefined && { sheetColumn: delivery.sheetColumn }) };
}
