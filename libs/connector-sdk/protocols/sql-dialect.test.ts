import { describe, expect, it } from '@jest/globals';
import { SqlDialect, type SqlKind } from './sql-dialect.js';

const KINDS: SqlKind[] = ['postgres', 'mysql', 'oracle', 'mssql'];
const of = (kind: SqlKind): SqlDialect => new SqlDialect(kind, 'ex');

describe('the SQL of each database', () => {
  it('pages behind the last row', () => {
    const page = (kind: SqlKind) => of(kind).page('T', { columns: ['A', 'B'], by: ['GXSJ', 'ID'], after: ['2024', '7'], limit: 500 });
    expect(Object.fromEntries(KINDS.map((k) => [k, page(k)]))).toEqual({
      postgres: { text: 'select "A", "B" from "ex"."T" where ("GXSJ", "ID") > ($1, $2) order by "GXSJ", "ID" limit 500', values: ['2024', '7'] },
      mysql: { text: 'select `A`, `B` from `T` where `GXSJ` >= ? and (`GXSJ` > ? or `ID` > ?) order by `GXSJ`, `ID` limit 500', values: ['2024', '2024', '7'] },
      oracle: { text: 'select "A", "B" from "ex"."T" where "GXSJ" >= :1 and ("GXSJ" > :2 or "ID" > :3) order by "GXSJ", "ID" fetch first 500 rows only', values: ['2024', '2024', '7'] },
      mssql: { text: 'select [A], [B] from [ex].[T] where [GXSJ] >= @0 and ([GXSJ] > @1 or [ID] > @2) order by [GXSJ], [ID] offset 0 rows fetch next 500 rows only', values: ['2024', '2024', '7'] },
    });
  });

  it('breaks ties of three columns, one after the other', () => {
    const { text, values } = of('mssql').page('T', { columns: ['A'], by: ['A', 'B', 'C'], after: ['1', '2', '3'], limit: 1 });
    expect(text).toContain('[A] >= @0 and ([A] > @1 or ([B] >= @2 and ([B] > @3 or [C] > @4)))');
    expect(values).toEqual(['1', '1', '2', '2', '3']);
  });

  it('reads flagged rows, rows without a watermark, looked-up rows, the greatest value', () => {
    const texts = (make: (d: SqlDialect) => { text: string }) => KINDS.map((k) => make(of(k)).text);
    expect(texts((d) => d.page('T', { columns: ['A'], by: ['ID'], after: ['5'], where: { column: 'TBBZ', in: ['0', '2'] }, limit: 9 }))).toEqual([
      'select "A" from "ex"."T" where "TBBZ" in ($1, $2) and "ID" > $3 order by "ID" limit 9',
      'select `A` from `T` where `TBBZ` in (?, ?) and `ID` > ? order by `ID` limit 9',
      'select "A" from "ex"."T" where "TBBZ" in (:1, :2) and "ID" > :3 order by "ID" fetch first 9 rows only',
      'select [A] from [ex].[T] where [TBBZ] in (@0, @1) and [ID] > @2 order by [ID] offset 0 rows fetch next 9 rows only',
    ]);
    expect(texts((d) => d.page('T', { columns: ['A'], by: ['ID'], where: { column: 'GXSJ', isNull: true }, limit: 9 }))[2]).toBe('select "A" from "ex"."T" where "GXSJ" is null order by "ID" fetch first 9 rows only');
    expect(texts((d) => d.matching('T', ['A'], 'K', ['x', 'y']))).toEqual([
      'select "A" from "ex"."T" where "K" in ($1, $2)', 'select `A` from `T` where `K` in (?, ?)', 'select "A" from "ex"."T" where "K" in (:1, :2)', 'select [A] from [ex].[T] where [K] in (@0, @1)',
    ]);
    expect(of('mysql').greatest('T', 'ID').text).toBe('select max(`ID`) as `ID` from `T`');
  });

  it('leaves out rows that are too long, and names them by the beginnings of their keys', () => {
    const size = { columns: ['A', 'ID'], atMost: 1024 };
    const lengths = {
      postgres: 'coalesce(octet_length("A"::text)::bigint, 0) + coalesce(octet_length("ID"::text)::bigint, 0)', mysql: 'coalesce(octet_length(`A`), 0) + coalesce(octet_length(`ID`), 0)',
      oracle: 'coalesce(length("A"), 0) + coalesce(length("ID"), 0)', mssql: 'coalesce(cast(datalength([A]) as bigint), 0) + coalesce(cast(datalength([ID]) as bigint), 0)',
    };
    expect(KINDS.map((k) => of(k).page('T', { columns: ['A'], by: ['ID'], after: ['5'], size, limit: 9 }).text)).toEqual([
      `select "A" from "ex"."T" where "ID" > $1 and ${lengths.postgres} <= 1024 order by "ID" limit 9`, `select \`A\` from \`T\` where \`ID\` > ? and ${lengths.mysql} <= 1024 order by \`ID\` limit 9`,
      `select "A" from "ex"."T" where "ID" > :1 and ${lengths.oracle} <= 1024 order by "ID" fetch first 9 rows only`,
      `select [A] from [ex].[T] where [ID] > @0 and ${lengths.mssql} <= 1024 order by [ID] offset 0 rows fetch next 9 rows only`,
    ]);
    const tooLong = KINDS.map((k) => of(k).tooLong('T', { key: ['ID'], size, where: { column: 'F', in: ['0'] }, limit: 9 }, 'n'));
    expect(tooLong.map((s) => s.text)).toEqual([
      `select left("ID"::text, 200) as "ID", ${lengths.postgres} as "n" from "ex"."T" where "F" in ($1) and ${lengths.postgres} > 1024 order by 1 limit 9`,
      `select left(\`ID\`, 200) as \`ID\`, ${lengths.mysql} as \`n\` from \`T\` where \`F\` in (?) and ${lengths.mysql} > 1024 order by 1 limit 9`,
      `select to_char(substr("ID", 1, 200)) as "ID", ${lengths.oracle} as "n" from "ex"."T" where "F" in (:1) and ${lengths.oracle} > 1024 order by 1 fetch first 9 rows only`,
      `select left(cast([ID] as nvarchar(max)), 200) as [ID], ${lengths.mssql} as [n] from [ex].[T] where [F] in (@0) and ${lengths.mssql} > 1024 order by 1 offset 0 rows fetch next 9 rows only`,
    ]);
    expect(tooLong.map((s) => s.values)).toEqual(KINDS.map(() => ['0']));
    expect(of('mysql').greatest('T', 'ID', 1024).text).toBe('select max(`ID`) as `ID` from `T` where coalesce(octet_length(`ID`), 0) <= 1024');
    expect(of('postgres').matching('T', ['A'], 'K', ['x'], { columns: ['A'], atMost: 9 }).text).toBe(`select "A" from "ex"."T" where "K" in ($1) and coalesce(octet_length("A"::text)::bigint, 0) <= 9`);
  });

  it('marks rows that are still as they were read; an empty text and a null are the same, whatever the column\'s type', () => {
    const mark = (kind: SqlKind) => of(kind).mark('T', { column: 'F', from: ['0'], to: '1' }, [{ ID: '1', A: '' }, { ID: '2', A: 'x' }]);
    expect(Object.fromEntries(KINDS.map((k) => [k, mark(k).text]))).toEqual({
      postgres: `update "ex"."T" set "F" = $1 where "F" in ($2) and (("ID" = $3 and coalesce("A"::text, '') = '') or ("ID" = $4 and "A" = $5))`,
      mysql: "update `T` set `F` = ? where `F` in (?) and ((`ID` = ? and coalesce(cast(`A` as char), '') = '') or (`ID` = ? and `A` = ?))",
      oracle: 'update "ex"."T" set "F" = :1 where "F" in (:2) and (("ID" = :3 and "A" is null) or ("ID" = :4 and "A" = :5))',
      mssql: `update [ex].[T] set [F] = @0 where [F] in (@1) and (([ID] = @2 and coalesce(cast([A] as nvarchar(max)), '') = '') or ([ID] = @3 and [A] = @4))`,
    });
    expect(mark('postgres').values).toEqual(['1', '0', '1', '2', 'x']);
  });

  it('inserts, finds and updates', () => {
    expect(KINDS.map((k) => of(k).insert('T', { A: 1, B: null }))).toEqual([
      { text: 'insert into "ex"."T" ("A", "B") values ($1, $2)', values: [1, null] }, { text: 'insert into `T` (`A`, `B`) values (?, ?)', values: [1, null] },
      { text: 'insert into "ex"."T" ("A", "B") values (:1, :2)', values: [1, null] }, { text: 'insert into [ex].[T] ([A], [B]) values (@0, @1)', values: [1, null] },
    ]);
    expect(of('oracle').update('T', { A: '1' }, { K: 'k', N: null })).toEqual({ text: 'update "ex"."T" set "A" = :1 where "K" = :2 and "N" is null', values: ['1', 'k'] });
    expect(of('mssql').found('T', ['A'], { K: 'k' })).toEqual({ text: 'select [A] from [ex].[T] where [K] = @0', values: ['k'] });
  });

  it('quotes a name that tries to leave its quotes', () => {
    expect(KINDS.map((k) => of(k).name('a"b`c]d'))).toEqual(['"a""b`c]d"', '`a"b``c]d`', '"a""b`c]d"', '[a"b`c]]d]']);
  });
});
