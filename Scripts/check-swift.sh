#!/usr/bin/env bash
# Fails with one sentence where Swift is missing or older than the package needs.
set -euo pipefail

needed=6.1

if ! command -v swift >/dev/null; then
  echo "Swift $needed or newer is needed, but no 'swift' is on the PATH; see swift.org/install." >&2
  exit 1
fi

found=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9][0-9]*\.[0-9][0-9]*\).*/\1/p' | head -n 1)
if [ -z "$found" ]; then
  echo "Swift $needed or newer is needed, but 'swift --version' names no version." >&2
  exit 1
fi

if [ "${found%%.*}" -lt "${needed%%.*}" ] ||
  { [ "${found%%.*}" -eq "${needed%%.*}" ] && [ "${found#*.}" -lt "${needed#*.}" ]; }; then
  echo "Swift $needed or newer is needed, but 'swift' is version $found; see swift.org/install." >&2
  exit 1
fi
