#!/usr/bin/env bash
# Builds the documentation of the API with the DocC of the toolchain. A warning, such as a link to nothing, is an error.
#
# usage: build-docs.sh [OPTION OF swift build…]
#   DOCS    the folder that is written (.build/docs)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
out=${DOCS:-.build/docs}

if ! docc=$(command -v docc || xcrun --find docc 2>/dev/null); then
  echo "DocC is needed, which comes with Swift, but no 'docc' is on the PATH." >&2
  exit 1
fi

# The graphs of public symbols, of which those of the package's own Swift libraries are taken.
swift package "$@" dump-symbol-graph --minimum-access-level public --skip-synthesized-members
binaries=$(swift build "$@" --show-bin-path)
graphs=$(dirname "$binaries")/symbolgraph
rm -rf "$out"
mkdir -p "$out/graphs"
for folder in Sources/*/Lab* Sources/*/Backend*; do
  for graph in "$graphs/$(basename "$folder")".symbols.json "$graphs/$(basename "$folder")"@*.symbols.json; do
    if [ -e "$graph" ]; then cp "$graph" "$out/graphs/"; fi
  done
done

"$docc" convert --additional-symbol-graph-dir "$out/graphs" --output-path "$out/labrun.doccarchive" \
  --fallback-display-name labrun --fallback-bundle-identifier labrun --warnings-as-errors
echo "documentation: $out/labrun.doccarchive (docc preview, or any web server, shows it)"
