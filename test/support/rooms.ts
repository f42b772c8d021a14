// Who may use whom: the rooms of core/ and what each may import. Read by the lint and by the test that walks the graph.

export const walls: Readonly<Record<string, readonly string[]>> = {
  system: [],
  protocol: ['system'],
  varlink: ['system'],
  interfaces: ['varlink'],
  control: ['varlink', 'interfaces', 'protocol', 'system'],
  config: ['system', 'protocol'],
  passwd: ['system', 'native'],
  pki: ['system'],
  native: [],
  store: ['system'],
  main: ['config', 'protocol', 'varlink', 'interfaces', 'native', 'system', 'control', 'store'],
  secmod: ['config', 'protocol', 'varlink', 'interfaces', 'native', 'system', 'passwd', 'store'],
  worker: ['config', 'protocol', 'varlink', 'interfaces', 'native', 'system'],
};

/** Rooms the commands may use; `main` is started, not used. */
export const commandRooms: readonly string[] = ['config', 'control', 'passwd', 'pki', 'system', 'main'];
