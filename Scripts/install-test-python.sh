#!/usr/bin/env bash
# Installs the Python packages onnx, onnxruntime and pillow into .build/python, with which tests check and run exported models,
# and tensorboard and tbparse, with which they read exported results.
#
# Does nothing where $LABRUN_TEST_PYTHON, .build/python or python3 has them. Where they cannot be installed, it says so and
# ends well: the tests that need them say that they are skipped.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
folder=.build/python

has_packages() { "$1" -c 'import onnx, onnxruntime, PIL, tensorboard, tbparse' > /dev/null 2>&1; }
for python in "${LABRUN_TEST_PYTHON:-python3}" "$folder/bin/python"; do
  ! has_packages "$python" || exit 0
done

echo "Installing onnx, onnxruntime and tensorboard into $folder…"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if python3 -m venv "$folder" > "$log" 2>&1 &&
  "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --retries 1 --timeout 20 \
    'onnx>=1.16' 'onnxruntime>=1.18' pillow 'tensorboard>=2.14' 'tbparse>=0.0.8' >> "$log" 2>&1 && has_packages "$folder/bin/python"; then
  exit 0
fi
echo "They cannot be installed here, so what is exported is not checked by ONNX Runtime and TensorBoard: $(tail -n 1 "$log")"
