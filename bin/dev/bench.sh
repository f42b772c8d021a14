#!/bin/sh
# npm run bench: builds what is missing, then compares with the C server.
. "$(dirname -- "$0")/bootstrap.sh"
node bin/dev/build.mjs || exit 1
exec node test/bench/run.ts "$@"
