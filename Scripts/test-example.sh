#!/usr/bin/env bash
# Builds the program of Examples/CustomBlock, sweeps with what it adds, and reads the table.
# usage: Scripts/test-example.sh [configuration, else release] [flags of swift build]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
configuration=${1:-release}
[ $# -eq 0 ] || shift
example=Examples/CustomBlock

# A folder of its own: built into labrun's, each of the two would have everything of the other compiled anew.
[ ! -f Package.resolved ] || cp Package.resolved "$example/Package.resolved"
swift build -c "$configuration" --package-path "$example" --scratch-path .build-example "$@"
program=$PWD/.build-example/$configuration/customblock

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$example"
"$program" sweep custom --results "$folder" 2> "$folder/log" || { cat "$folder/log" >&2; exit 1; }
table=$("$program" table custom --results "$folder" --metric test_error_rate --metric test_accuracy --json)

# Four variants of two runs each, in which accuracy and the added metric are of the same predictions.
TABLE=$table python3 - << 'PYTHON'
import json, os

rows = json.loads(os.environ["TABLE"])["rows"]
names = [row["variant"] for row in rows]
assert len(rows) == 4 and any("factorized" in name for name in names) and any("poly" in name for name in names), names
for row in rows:
    assert row["n_completed"] == 2, row
    assert abs(row["test_error_rate_mean"] + row["test_accuracy_mean"] - 1) < 1e-9, row
PYTHON
echo "the example's convolution, loss and metric are trained, stored and tabulated"
