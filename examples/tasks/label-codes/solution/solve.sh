#!/bin/bash
# The reference solution.
set -eu
cd "${AGENT33_APP_DIR:-/app}"
awk -F, 'NR > 1 {
  n = sprintf("%06d", $1); sum = 0
  for (i = 1; i <= 6; i++) sum += substr(n, i, 1) * substr("731731", i, 1)
  print toupper(substr($2, 1, 3)) "-" n "-" sum % 10
}' orders.csv > labels.txt
