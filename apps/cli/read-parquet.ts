import { YiciError } from '#libs/kernel/errors';
import type { TableRow } from '#libs/matching/table/table-engine';

/** Rows of a Parquet file as text, through the optional DuckDB. Throws YICI_MATCH_NO_PARQUET when it is not installed. */
export async function* readParquet(file: string): AsyncGenerator<TableRow> {
  const duckdb = await import('@duckdb/node-api').catch((cause: unknown) => {
    throw new YiciError({
      code: 'YICI_MATCH_NO_PARQUET', stage: 'receiving', cause, message: 'Parquet files need the optional package @duckdb/node-api, which is not installed here.',
      fix: 'Install it, or give the table as CSV.',
    });
  });
  const instance = await duckdb.DuckDBInstance.create();
  const connection = await instance.connect();
  try {
    const result = await connection.stream('select columns(*)::varchar from read_parquet($1)', [file]);
    const names = result.columnNames();
    for (;;) {
      const chunk = await result.fetchChunk();
      if (chunk === null || chunk.rowCount === 0) return;
      for (const row of chunk.getRows()) yield Object.fromEntries(names.map((n, i) => [n, (row[i] as string | null) ?? '']));
    }
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
