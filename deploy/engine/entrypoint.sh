#!/bin/sh
# Gives each variable NAME what the file of NAME__FILE holds, so that no secret stands in the
# environment of the container itself, and starts agent33.
set -eu
for name in $(env | sed -n 's/^\([A-Za-z_][A-Za-z0-9_]*\)__FILE=.*/\1/p'); do
  eval "file=\${${name}__FILE}"
  if [ ! -r "$file" ]; then
    echo "${name}__FILE names $file, which cannot be read." >&2
    exit 78
  fi
  value=$(cat "$file")
  export "$name=$value"
  unset "${name}__FILE"
done
exec agent33 "$@"
