#!/bin/bash
# Holds broken.txt and the pages to what is expected. The verdict is reward.txt.
app="${AGENT33_APP_DIR:-/app}"
tests="${AGENT33_TESTS_DIR:-/tests}"
logs="${AGENT33_LOGS_DIR:-/logs/verifier}"
mkdir -p "$logs"
reward=1
check() {
  if difference="$(diff "$2" "$3" 2>&1)"; then
    echo "PASS $1"
  else
    printf 'FAIL %s\n%s\n' "$1" "$difference"
    reward=0
  fi
}
check "broken.txt" "$tests/expected.txt" "$app/broken.txt"
check "pages are as they were" "$tests/pages.sha256" <(cd "$app/pages" && find . -type f | LC_ALL=C sort | xargs sha256sum)
echo "$reward" > "$logs/reward.txt"
