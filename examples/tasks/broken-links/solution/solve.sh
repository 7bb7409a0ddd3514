#!/bin/bash
# The reference solution.
set -eu
cd "${AGENT33_APP_DIR:-/app}/pages"
find . -name '*.page' -printf '%P\n' | while read -r page; do
  { grep -o '](\([^)]*\))' "$page" || true; } | sed 's/^](//; s/)$//' | while read -r target; do
    case "$target" in https://*) continue ;; esac
    [ -e "$(dirname "$page")/$target" ] || echo "$page $target"
  done
done | LC_ALL=C sort > ../broken.txt
