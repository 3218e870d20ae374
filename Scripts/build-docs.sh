#!/usr/bin/env bash
# Builds the documentation of the API with the DocC of the toolchain. A warning, such as a link to nothing, is an error.
#
# It reads the modules that a build for release has left, and makes one where there is none, so that nothing is compiled twice.
#
# usage: build-docs.sh [OPTION OF swift build…]
#   DOCS  the folder that is written (.build/docs)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
out=${DOCS:-.build/docs}

if ! docc=$(command -v docc || xcrun --find docc 2>/dev/null); then
  echo "DocC is needed, which comes with Swift, but no 'docc' is on the PATH." >&2
  exit 1
fi
rm -rf "$out"
mkdir -p "$out/graphs"

bin=$(swift build -c release "$@" --show-bin-path)
modules=()
for folder in Sources/*/Lab* Sources/*/Backend*; do modules+=("$(basename "$folder")"); done
for module in "${modules[@]}"; do
  # LabFuzzing and LabTesting are built with the tests only.
  if ! [ -e "$bin/Modules/$module.swiftmodule" ]; then
    echo "building what is documented: there is no $bin/Modules/$module.swiftmodule"
    for target in "${modules[@]}"; do swift build -c release "$@" --target "$target"; done
    break
  fi
done

options=(-target "$(swift -print-target-info | sed -n 's/^ *"triple" *: *"\(.*\)",$/\1/p' | head -n 1)")
if command -v xcrun > /dev/null; then options+=(-sdk "$(xcrun --show-sdk-path)"); fi
# What our modules import must be found, C as well.
options+=(-I "$bin/Modules" -module-cache-path "$out/cache")
for map in "$bin"/*.build/module.modulemap Sources/*/C*/module.modulemap Sources/*/C*/include/module.modulemap \
  .build/checkouts/*/Sources/*/module.modulemap .build/checkouts/*/Sources/*/include/module.modulemap \
  .build/checkouts/*/*/module.modulemap .build/checkouts/*/*/include/module.modulemap; do
  case $map in *SQLCipher*) continue ;; esac
  if [ -e "$map" ]; then options+=(-Xcc "-fmodule-map-file=$map"); fi
done
for folder in Sources/*/C*/include; do options+=(-Xcc "-I$folder"); done
for library in hdf5 libpng; do
  for flag in $(pkg-config --cflags-only-I "$library" 2>/dev/null || true); do options+=(-Xcc "$flag"); done
done

for module in "${modules[@]}"; do
  swift symbolgraph-extract -module-name "$module" -minimum-access-level public -skip-synthesized-members \
    -output-dir "$out/graphs" "${options[@]}"
done
"$docc" convert --additional-symbol-graph-dir "$out/graphs" --output-path "$out/labrun.doccarchive" \
  --fallback-display-name labrun --fallback-bundle-identifier labrun --warnings-as-errors
rm -rf "$out/cache"
echo "documentation: $out/labrun.doccarchive (docc preview, or any web server, shows it)"
