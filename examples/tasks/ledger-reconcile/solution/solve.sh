#!/bin/bash
# The reference solution: computes the outputs in the workspace.
set -eu
here="$(cd "$(dirname "$0")" && pwd)"
cd "${AGENT33_APP_DIR:-/app}"
node "$here/solve.mjs"
