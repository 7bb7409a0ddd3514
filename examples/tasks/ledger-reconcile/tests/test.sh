#!/bin/bash
# Grades the workspace. The verdict is reward.txt in the logs folder; the exit code means nothing.
app="${AGENT33_APP_DIR:-/app}"
tests="${AGENT33_TESTS_DIR:-/tests}"
logs="${AGENT33_LOGS_DIR:-/logs/verifier}"
mkdir -p "$logs"
node "$tests/verify.mjs" "$app" "$logs"
