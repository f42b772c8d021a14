#!/bin/sh
# npm run deb: installs what is missing, then hands over to deb.mjs on the pinned runtime.
. "$(dirname -- "$0")/bootstrap.sh"
exec node bin/dev/deb.mjs "$@"
