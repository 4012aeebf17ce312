/** Characters that the grid's old name field keeps. */
const NAME_LENGTH = 4;

/**
 * What the grid makes of columns that the hub wrote, when it does not keep them as they came: names spaced and cut, phones with the
 * country's number in full-width digits, addresses in another spelling.
 */
export function respelt(columns: Record<string, unknown>): Record<string, unknown> {
  const spelt = { ...columns };
  const text = (column: string): string | undefined => (typeof columns[column] === 'string' ? columns[column] : undefined);
  const name = text('name');
  if (name !== undefined) spelt['name'] = [...name].length === 2 ? [...name].join(' ') : `${[...name].slice(0, NAME_LENGTH).join('')} `;
  const phone = text('phone');
  if (phone !== undefined && /^1\d{10}$/.test(phone)) spelt['phone'] = `+86${phone}`;
  for (const column of ['residencedetail', 'domiciledetail']) {
    const address = text(column);
    if (address !== undefined) spelt[column] = fullWidth(address.replace(/幢|栋/g, '号楼').replace(/室$/, ''));
  }
  return spelt;
}

function fullWidth(value: string): string {
  return value.replace(/\d/g, (d) => String.fromCodePoint(d.charCodeAt(0) + 0xfee0));
}
