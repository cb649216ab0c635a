import { countersignError } from '../../errors/countersign-error.ts';

/**
 * The origin of Ray's dashboard, which answers its REST API. Errors: INVALID_OPTION, for the other addresses that
 * Ray itself takes under the same name too.
 */
export function parseRayAddress(text: string | null): URL {
  if (text === null) throw wrong('--engine ray needs the address of a cluster');
  if (/^(auto|local|ray:)/.test(text)) throw wrong(`'${text}' is for Ray's own clients`);
  const written = text.includes('://') ? text : `http://${text}`;
  const url = URL.parse(written);
  if (url === null || !/^https?:$/.test(url.protocol) || url.hostname === '')
    throw wrong(`'${text}' is no URL`);
  if (url.pathname !== '/' || url.search !== '') throw wrong(`'${text}' has more than a host and a port`);
  return url;
}

function wrong(what: string): Error {
  return countersignError(
    'INVALID_OPTION',
    '--ray-address',
    `${what}; expected http://HEAD:8265, Ray's dashboard`,
  );
}
