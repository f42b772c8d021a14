#!/bin/sh
# npm start: installs what is missing, then hands over to start.mjs on the pinned runtime.
if [ "$(id -u)" != 0 ]; then
  echo "npm start: the server needs root to create network devices; run: sudo npm start" >&2
  exit 1
fi
. "$(dirname -- "$0")/bootstrap.sh"
exec node bin/dev/start.mjs "$@"
