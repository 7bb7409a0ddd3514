import { missingVariable, packageList, pathVariable, standInFolder } from "./places.ts";

/**
 * Python, as `python3` and as `python`, which images for Python have and Debian has not. Where no file
 * of its own is run, the working folder comes last among the places of modules and not first: what
 * lies there must not take the place of the verifier's tools.
 */
export const pythonStandIn = `#!/bin/sh
safe=
next=
for word in "$@"; do
  case $word in
    -c | -) safe=yes; break ;;
    -m) next=yes; continue ;;
    pytest | pip) [ -z "$next" ] || safe=yes; break ;;
    -W | -X) continue ;;
    -[bBdEOqsSuvx]*) continue ;;
    *) break ;;
  esac
done
if [ $# -eq 0 ] && [ ! -t 0 ]; then safe=yes; fi
if [ -z "$safe" ]; then exec /usr/bin/python3 "$@"; fi
${pathVariable}=$PWD exec /usr/bin/python3 -P "$@"
`;

/** Read by Python as it starts, from among its modules: puts a folder behind all others. */
export const pathModule = `import os, sys; sys.path += [one for one in [os.environ.pop("${pathVariable}", "")] if one]
`;

/** The program does not put the working folder among the places of modules, as \`-m\` alone would. */
export const pytestStandIn = `#!/bin/sh
exec /usr/bin/python3 -P -m pytest "$@"
`;

/** The installer of uv is not fetched, for its stand-in is there; anything else is the program's. */
export function fetcherStandIn(name: string): string {
  return `#!/bin/sh
for word in "$@"; do
  case $word in *astral.sh/*) echo :; exit 0 ;; esac
done
if [ -x /usr/bin/${name} ]; then exec /usr/bin/${name} "$@"; fi
echo "agent33: ${name} is not there (Debian: ${name})" >&2
[ -z "$${missingVariable}" ] || grep -qxF ${name} ${standInFolder}/${packageList} || echo "deb ${name}" >> "$${missingVariable}"
exit 127
`;
}

/** Isolated: neither variables nor the working folder choose what is imported. */
export const pipProgram = `#!/bin/sh
exec /usr/bin/python3 -I ${standInFolder}/python/pip/__main__.py "$@"
`;

/** What the installer of uv leaves, for scripts that read it. */
export const environmentFile = `# Nothing to set: the stand-in for uv is on the PATH.
`;
