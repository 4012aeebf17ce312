import { YiciError } from '#libs/kernel/errors';

/**
 * The address of a target, refused unless its host is one the folder allows: a wrong variable must not send residents'
 * data elsewhere. Throws YICI_HOST_NOT_ALLOWED, YICI_URL_UNREADABLE.
 */
export function allowedUrl(url: string, allowedHosts: readonly string[]): URL {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw new YiciError({ code: 'YICI_URL_UNREADABLE', stage: 'config', message: 'The address of the system is not a URL.', fix: 'Look at the variable named in connector.yaml.' });
  }
  if (allowedHosts.includes(parsed.hostname)) return parsed;
  throw new YiciError({
    code: 'YICI_HOST_NOT_ALLOWED', stage: 'config',
    message: `The host ${parsed.hostname} is not among the allowed hosts of this connector.`,
    fix: 'Correct the variable, or add the host to allowedHosts in connector.yaml.',
  });
}
