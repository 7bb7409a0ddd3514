import { missingVariable, packageList, standInFolder } from "./places.ts";

/** Stands in for `apt-get` and `apt`: installs nothing, and says what is asked for and not there. */
export const aptStandIn = String.raw`#!/bin/sh
action=
missing=
skip=
for word in "$@"; do
  if [ -n "$skip" ]; then skip=; continue; fi
  case $word in
    -o | -t | -c | -a) skip=yes; continue ;;
    -*) continue ;;
  esac
  if [ -z "$action" ]; then action=$word; continue; fi
  case $action in install | build-dep | satisfy) ;; *) continue ;; esac
  name=$\{word%%=*}
  name=$\{name%%/*}
  name=$\{name%%:*}
  [ -n "$name" ] || continue
  if ! grep -qxF -- "$name" ${standInFolder}/${packageList}; then
    missing="$missing $name"
    [ -z "$${missingVariable}" ] || echo "deb $name" >> "$${missingVariable}"
  fi
done
[ -z "$missing" ] || echo "agent33: nothing is installed here, and these Debian packages are not there:$missing" >&2
exit 0
`.replaceAll("$\\{", "${");
