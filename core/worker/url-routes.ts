// Which request is which: a closed table, everything else is refused. Called by connection.ts; pure.
import { ciscoDocuments, type FixedDocument } from '../protocol/index.ts';

export type Route =
  | { readonly name: 'loginForm' }
  | { readonly name: 'login'; readonly group: string | undefined }
  | { readonly name: 'document'; readonly document: FixedDocument }
  /** A Cisco IP phone. */
  | { readonly name: 'phoneForm' }
  | { readonly name: 'phoneLogin' }
  | { readonly name: 'profile' }
  | { readonly name: 'kdcProxy'; readonly path: string }
  | { readonly name: 'notFound' };

const loginPaths: readonly string[] = ['/', '/auth', '/VPN'];
const phonePath = '/svc';
const profilePath = '/profiles';
/** Paths with a meaning of their own that no login may be posted to. */
const otherPaths: readonly string[] = [phonePath, profilePath];
const notFound: Route = { name: 'notFound' };

export interface RouteOptions {
  /** No login has begun on this connection. */
  readonly isIdle: boolean;
  readonly groupByUrl: boolean;
  /** Paths of the KDC proxy. */
  readonly kdcPaths: readonly string[];
}

export function findRoute(method: string, target: string, options: RouteOptions): Route {
  if (method === 'GET') return findPage(target);
  if (method === 'POST') return findLogin(target, options);
  return notFound;
}

function findPage(target: string): Route {
  if (loginPaths.some((path) => isAtOrBelow(target, path))) return { name: 'loginForm' };
  if (isAtOrBelow(target, phonePath)) return { name: 'phoneForm' };
  // Whatever stands behind it: the cookie says whose profile it is.
  if (target.startsWith(profilePath)) return { name: 'profile' };
  for (const [path, document] of ciscoDocuments) {
    if (isAtOrBelow(target, path)) return { name: 'document', document };
  }
  return notFound;
}

function findLogin(target: string, options: RouteOptions): Route {
  if (loginPaths.some((path) => target === path || target.startsWith(`${path}?`))) {
    return { name: 'login', group: undefined };
  }
  if (target === phonePath || target.startsWith(`${phonePath}?`)) return { name: 'phoneLogin' };
  // Whole: a query or a path below is another resource.
  if (options.kdcPaths.includes(target)) return { name: 'kdcProxy', path: target };
  if (!options.isIdle || otherPaths.some((path) => isAtOrBelow(target, path))) return notFound;
  // Cisco clients post to many paths; the path may name a group.
  const group =
    options.groupByUrl && target.length > 1 && target.startsWith('/') ? target.slice(1) : undefined;
  return { name: 'login', group };
}

/** The path itself, or with "/…" or "?…" behind it. */
function isAtOrBelow(target: string, path: string): boolean {
  return target === path || target.startsWith(`${path}/`) || target.startsWith(`${path}?`);
}
