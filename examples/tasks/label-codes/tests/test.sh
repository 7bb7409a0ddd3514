#!/bin/bash
# Holds labels.txt to what is expected. The verdict is reward.txt; the exit code means nothing.
app="${AGENT33_APP_DIR:-/app}"
tests="${AGENT33_TESTS_DIR:-/tests}"
logs="${AGENT33_LOGS_DIR:-/logs/verifier}"
mkdir -p "$logs"
if difference="$(diff "$tests/expected.txt" "$app/labels.txt" 2>&1)"; then
  echo "PASS labels.txt"
  echo 1 > "$logs/reward.txt"
else
  printf 'FAIL labels.txt\n%s\n' "$difference"
  echo 0 > "$logs/reward.txt"
fi
