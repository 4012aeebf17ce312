/** `system:recordType:naturalKey`; the natural key may itself hold colons. */
export function parseKey(key: string): { system: string; naturalKey: string } {
  const [system = '', , ...rest] = key.split(':');
  return { system, naturalKey: rest.join(':') };
}
