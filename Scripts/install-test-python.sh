#!/usr/bin/env bash
# Installs the Python packages onnx, onnxruntime and pillow into .build/python, with which tests check and run exported models,
# tensorboard and tbparse, with which they read exported results, jsonschema, for the schemas of capsules, mlflow, whose server they
# export to, playwright, which drives a browser that the machine has, and axe-playwright-python, whose rules say what keeps people
# from using a page.
#
# Does nothing where .build/python or python3 has them, or where $LABRUN_TEST_PYTHON names another Python. Where they cannot be
# installed, it says so and ends well: the tests that need them say that they are skipped.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
folder=.build/python

[ -z "${LABRUN_TEST_PYTHON:-}" ] || exit 0
is_there() { python3 -c "import $1" > /dev/null 2>&1 || "$folder/bin/python" -c "import $1" > /dev/null 2>&1; }

log=$(mktemp)
trap 'rm -f "$log"' EXIT
install() {
  { [ -x "$folder/bin/python" ] || python3 -m venv "$folder"; } >> "$log" 2>&1 &&
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --retries 1 --timeout 20 "$@" >> "$log" 2>&1
}

if ! is_there 'onnx, onnxruntime, PIL, tensorboard, tbparse, jsonschema'; then
  echo "Installing onnx, onnxruntime, tensorboard and jsonschema into $folder…"
  install 'onnx>=1.16' 'onnxruntime>=1.18' pillow 'tensorboard>=2.14' 'tbparse>=0.0.8' 'jsonschema>=4.18' ||
    echo "They cannot be installed here, so what is exported is not checked by ONNX Runtime and TensorBoard: $(tail -n 1 "$log")"
fi
if ! is_there playwright.sync_api; then
  echo "Installing playwright into $folder…"
  install 'playwright>=1.40' ||
    echo "It cannot be installed here, so that pages are not tried in a browser: $(tail -n 1 "$log")"
fi
if ! is_there 'playwright.sync_api, axe_playwright_python'; then
  echo "Installing axe-playwright-python into $folder…"
  # It works by a Playwright beside it.
  install 'playwright>=1.40' 'axe-playwright-python>=0.1.4' ||
    echo "It cannot be installed here, so that nobody looks for what keeps people from using pages: $(tail -n 1 "$log")"
fi
# It brings much along; where that fails, everything else is tested all the same.
if ! is_there mlflow.server; then
  echo "Installing mlflow into $folder…"
  install 'mlflow>=2.14' ||
    echo "It cannot be installed here, so that exports are not checked by MLflow's own server: $(tail -n 1 "$log")"
fi
