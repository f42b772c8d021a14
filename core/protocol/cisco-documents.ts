// Fixed documents that Cisco clients fetch around a login and that only need to be there.
// Called by the worker's routes.

export interface FixedDocument {
  readonly contentType: string;
  readonly body: string;
}

const emptyPage: FixedDocument = { contentType: 'text/html', body: '<html></html>\n' };
const manifest: FixedDocument = {
  contentType: 'text/xml',
  body: '<?xml version="1.0" encoding="UTF-8"?>\n<vpn rev="1.0">\n</vpn>\n',
};

/** By path; a Map because the key comes from outside. */
export const ciscoDocuments: ReadonlyMap<string, FixedDocument> = new Map([
  // Ends nothing: the session ends with its tunnel.
  ['/logout', emptyPage],
  // Probes of the web deployment, one per platform.
  ['/1/index.html', emptyPage],
  ['/1/Linux', emptyPage],
  ['/1/Linux_64', emptyPage],
  ['/1/Windows', emptyPage],
  ['/1/Windows_ARM64', emptyPage],
  ['/1/Darwin_i386', emptyPage],
  ['/1/binaries/vpndownloader.sh', { contentType: 'application/x-shellscript', body: '#!/bin/sh\n\nexit 0' }],
  ['/1/binaries/update.txt', { contentType: 'text/xml', body: '0,0,0000\n' }],
  ['/VPNManifest.xml', manifest],
  ['/1/VPNManifest.xml', manifest],
  ['/+CSCOT+/translation-table', manifest],
  ['/+CSCOT+/oem-customization', manifest],
]);
