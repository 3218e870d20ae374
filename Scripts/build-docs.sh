#!/usr/bin/env bash
# Builds the documentation of the API with the DocC of the toolchain. A warning, such as a link to nothing, is an error.
#
# usage: build-docs.sh [OPTION OF swift build…]
#   DOCS                the folder that is written (.build/docs)
#   DOCS_CONFIGURATION  debug or release (release)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
out=${DOCS:-.build/docs}

if ! docc=$(command -v docc || xcrun --find docc 2>/dev/null); then
  echo "DocC is needed, which comes with Swift, but no 'docc' is on the PATH." >&2
  exit 1
fi

# The graphs of public symbols. SwiftPM goes on to modules of tests, which have none, and reports these as a failure.
configuration=${DOCS_CONFIGURATION:-release}
graphs=$(swift build -c "$configuration" "$@" --show-bin-path)/../symbolgraph
rm -rf "$graphs" "$out"
mkdir -p "$out/graphs"
swift package -c "$configuration" "$@" dump-symbol-graph --minimum-access-level public --skip-synthesized-members \
  > "$out/log" 2>&1 || true
for folder in Sources/*/Lab* Sources/*/Backend*; do
  module=$(basename "$folder")
  if ! [ -e "$graphs/$module.symbols.json" ]; then
    tail -n 40 "$out/log" >&2
    echo "there is no graph of the symbols of $module; $out/log says why" >&2
    exit 1
  fi
  for graph in "$graphs/$module.symbols.json" "$graphs/$module"@*.symbols.json; do
    if [ -e "$graph" ]; then cp "$graph" "$out/graphs/"; fi
  done
done

"$docc" convert --additional-symbol-graph-dir "$out/graphs" --output-path "$out/labrun.doccarchive" \
  --fallback-display-name labrun --fallback-bundle-identifier labrun --warnings-as-errors
echo "documentation: $out/labrun.doccarchive (docc preview, or any web server, shows it)"
