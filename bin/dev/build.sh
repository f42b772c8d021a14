#!/bin/sh
# npm run build: installs what is missing, then hands over to build.mjs on the pinned runtime.
. "$(dirname -- "$0")/bootstrap.sh"
exec node bin/dev/build.mjs "$@"
