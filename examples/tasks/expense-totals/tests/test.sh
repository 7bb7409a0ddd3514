#!/bin/bash
# Holds totals.csv to what is expected. The verdict is reward.txt; the exit code means nothing.
app="${AGENT33_APP_DIR:-/app}"
tests="${AGENT33_TESTS_DIR:-/tests}"
logs="${AGENT33_LOGS_DIR:-/logs/verifier}"
mkdir -p "$logs"
if difference="$(diff "$tests/expected.csv" "$app/totals.csv" 2>&1)"; then
  echo "PASS totals.csv"
  echo 1 > "$logs/reward.txt"
else
  printf 'FAIL totals.csv\n%s\n' "$difference"
  echo 0 > "$logs/reward.txt"
fi
