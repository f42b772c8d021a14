#!/bin/sh
# npm start: installs what is missing, then hands over to start.mjs on the pinned runtime.
. "$(dirname -- "$0")/bootstrap.sh"
exec node bin/dev/start.mjs "$@"
