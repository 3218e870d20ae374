#!/bin/sh
# Feeds every reader of foreign files with damaged ones, and says how to try again what failed.
#
# usage: fuzz.sh [OPTION OF swift test…]
#   FUZZ_SECONDS        how long each target is fed (60)
#   FUZZ_TARGET         the only target, such as pt, safetensors, hdf5, png, idx, csv, json or yaml (all)
#   FUZZ_START          the first number (0); the same number always gives the same damage
#   FUZZ_CONFIGURATION  release or debug (release)
set -u
seconds=${FUZZ_SECONDS:-60}
configuration=${FUZZ_CONFIGURATION:-release}
notes=$(mktemp -d) || exit
trap 'rm -rf "$notes"' EXIT

# A reader that never ends would keep this waiting for ever.
limit=
if command -v timeout > /dev/null; then limit="timeout $((seconds * 20 + 3600))"; fi
export FUZZ_SECONDS="$seconds" FUZZ_NOTES="$notes"
if [ "$configuration" = release ]; then set -- --disable-testable-imports "$@"; fi
$limit swift test -c "$configuration" --disable-xctest --filter 'Fuzz' "$@"
status=$?
[ "$status" -eq 0 ] && exit 0

echo "fuzz: failed (status $status); a number in the messages above, or one of these, shows it again:"
for note in "$notes"/*; do
  if [ -e "$note" ]; then echo "  FUZZ_SECONDS=1 $(cat "$note") make fuzz"; fi
done
exit "$status"
