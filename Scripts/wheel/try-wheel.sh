#!/usr/bin/env bash
# Installs a wheel as a user does, and works with it, in the current folder, which has what `test-wheel.sh` puts there.
# usage: try-wheel.sh WHEEL
#   IS_BARE  1 where the system must not have what the wheel brings along
set -euo pipefail
wheel=$1

ok() { echo "ok  $*"; }
fail() { echo "error: $*" >&2; exit 1; }
# says WORDS COMMAND… : the command ends well and prints the words; else what it printed is shown.
says() {
  local words=$1 output
  shift
  output=$("$@" 2>&1) || { echo "$output" | tail -n 30 >&2; fail "$* has failed"; }
  case $output in *"$words"*) ;; *) echo "$output" | tail -n 30 >&2; fail "$* does not say \"$words\"" ;; esac
}

if [ "${IS_BARE:-0}" = 1 ]; then
  for name in swift clang gcc cc labrun; do ! command -v "$name" > /dev/null || fail "there is $name on the bare system"; done
  for name in libdnnl libhdf5 libpng libtiff libcurl libswift; do
    ! ldconfig -p | grep -q "$name[.0-9_a-z-]*\.so" || fail "there is $name on the bare system"
  done
  ok "a system with Python $(python3 -c 'import platform; print(platform.python_version())'), and without Swift, a compiler and what labrun needs"
fi

python3 -m venv venv
venv/bin/python -m pip install --quiet --no-index --no-deps --disable-pip-version-check "$wheel"
export PATH=$PWD/venv/bin:$PATH
hash -r
[ "$(command -v labrun)" = "$PWD/venv/bin/labrun" ] || fail "labrun on the PATH is $(command -v labrun)"
ok "installed with nothing from anywhere else"

# A script would start an interpreter first.
[ "$(head -c 2 venv/bin/labrun)" != "#!" ] || fail "labrun on the PATH is a script"
python3 - "$(labrun --version)" << 'PYTHON'
import importlib.metadata, labrun, pathlib, sys

version = sys.argv[1].replace("-dev", ".dev0")
assert importlib.metadata.version("labrun") == version, (importlib.metadata.version("labrun"), version)
assert labrun.__version__ == version, (labrun.__version__, version)
package = pathlib.Path(labrun.__file__).parent
assert pathlib.Path(sys.prefix) in package.parents, package
names = {path.name for path in package.iterdir()} - {"__pycache__"}
assert names == {"__init__.py", "py.typed"}, names
PYTHON
ok "labrun $(labrun --version): program, package and client have one version"

if command -v ldd > /dev/null; then
  foreign=$(ldd venv/bin/labrun | grep -vE \
    "=> $PWD/venv/(bin/\.\./)?libexec/labrun/|(linux-vdso|ld-linux[-_.a-z0-9]*|libc|libm|libdl|libpthread|librt|libresolv|libz|libstdc\+\+|libgcc_s)\.so" || true)
  [ -z "$foreign" ] || fail "the program loads libraries that are neither in the wheel nor on every system: $foreign"
  ok "the program loads $(ldd venv/bin/labrun | grep -c libexec/labrun) libraries of the wheel, and else those of every system"
fi

says "libtiff" labrun doctor
says "my-study" labrun init my-study
says "synthetic-signs" labrun sweep my-study --dry-run
ok "labrun doctor, init and a dry run"

says "36 of 36" labrun sweep quick
says "odconv-4x + spd + focal" labrun table quick
ok "labrun sweep quick: 36 runs, and their table"

says "2 of 2" labrun sweep tiny --executor process
run=$(labrun list tiny --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["rows"][0]["run"])')
says "rgb.png" labrun predict "$run" images
says "model.onnx" labrun export "$run" model.onnx
ok "runs in processes of their own, images of $(ls images | wc -l | tr -d ' ') formats classified, an ONNX file written"

cd rings
says "15 of 15" labrun sweep experiment.json
says "squares-and-products" labrun table rings
cd ../client
says "6 of 6" labrun sweep experiment.json
says "0.2" labrun table client
cd ..
ok "a script that knows nothing of labrun, and a program with the client"

venv/bin/python -m pip install --quiet --no-index --no-deps --disable-pip-version-check --target elsewhere "$wheel"
says "$(labrun --version)" elsewhere/bin/labrun --version
ln -s "$PWD/venv/bin/labrun" linked
says "$(labrun --version)" ./linked --version
ok "works in a folder of its own (--target), and by a link"

venv/bin/python -m pip uninstall --quiet --yes labrun
left=$(find venv -name '*labrun*' ! -type d)
[ -z "$left" ] || fail "uninstalling leaves $left"
ok "uninstalled without a trace"
