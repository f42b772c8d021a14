// Where ip-netns(8) keeps its namespaces. Used by the check of files and by main.
export function namespaceFile(name: string): string {
  return `/var/run/netns/${name}`;
}

/** No way out of that folder. */
export function isNamespaceName(name: string): boolean {
  return /^[^/\0]{1,255}$/.test(name) && name !== '.' && name !== '..';
}
