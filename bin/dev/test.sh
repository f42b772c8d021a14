#!/bin/sh
# npm test: installs what is missing, then hands over to test.mjs on the pinned runtime.
. "$(dirname -- "$0")/bootstrap.sh"
exec node bin/dev/test.mjs "$@"
