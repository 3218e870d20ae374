#!/usr/bin/env bash
# Tests the Python client and the examples of programs: with the packages that a Python here has, and without the others.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
python=.build/python/bin/python
[ -x "$python" ] || python=python3
if ! command -v "$python" > /dev/null; then
  echo "There is no Python, so that its client is not tested."
  exit 0
fi
python=$(command -v "$python")
case $python in /*) ;; *) python=$PWD/$python ;; esac
cd Clients/Python
exec "$python" -m unittest discover
