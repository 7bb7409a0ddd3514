#!/bin/bash
# The reference solution.
set -eu
cd "${AGENT33_APP_DIR:-/app}"
awk -F, 'NR > 1 && !/^#/ { cents[$2] += $3 } END { for (name in cents) print name "," cents[name] }' expenses.csv |
  LC_ALL=C sort > totals.csv
