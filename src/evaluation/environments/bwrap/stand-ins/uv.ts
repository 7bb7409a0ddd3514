import { standInFolder } from "./places.ts";

/** Options of `uv run` and `uvx`, up to the program that is to be run. */
const options = String.raw`
with=
while [ $# -gt 0 ]; do
  case $1 in
    --with | --with-editable) with="$with $2"; shift 2 ;;
    --with=*) with="$with $\{1#--with=}"; shift ;;
    --with-requirements) with="$with -r $2"; shift 2 ;;
    --directory) cd "$2" || exit 1; shift 2 ;;
    -p | --python | --from | --project | --extra | --group | --env-file | --index | --index-url | \
    --extra-index-url | --default-index | --index-strategy | --prerelease | --cache-dir | --package)
      shift 2 ;;
    -m | --module) module=$2; shift 2; break ;;
    --) shift; break ;;
    -?*) shift ;;
    *) break ;;
  esac
done
# What is not there is said; the program goes on without it, as far as it comes.
[ -z "$with" ] || ${standInFolder}/bin/pip install $with
`.replaceAll("$\\{", "${");

const running = String.raw`
if [ -n "$module" ]; then exec /usr/bin/python3 -m "$module" "$@"; fi
name=$\{1%%@*}
[ $# -gt 0 ] && shift
case $name in
  "") exit 0 ;;
  python | python3 | python3.*) exec /usr/bin/python3 "$@" ;;
  pytest | py.test) exec ${standInFolder}/bin/pytest "$@" ;;
  *.py | -) exec /usr/bin/python3 "$name" "$@" ;;
esac
if command -v "$name" > /dev/null 2>&1; then exec "$name" "$@"; fi
echo "agent33: $name is not there, and nothing is installed here" >&2
exit 127
`.replaceAll("$\\{", "${");

/** Stands in for `uvx`: runs what is there already. */
export const uvxStandIn = `#!/bin/sh
module=
${options}${running}`;

/** Stands in for `uv`: makes no projects and no environments, and runs what is there already. */
export const uvStandIn = `#!/bin/sh
module=
action=\${1:-help}
[ $# -gt 0 ] && shift
case $action in
  run) ;;
  pip) exec ${standInFolder}/bin/pip "$@" ;;
  add) exec ${standInFolder}/bin/pip install "$@" ;;
  tool) if [ "$1" = run ]; then shift; exec ${standInFolder}/bin/uvx "$@"; fi; exit 0 ;;
  venv)
    folder=.venv
    for word in "$@"; do case $word in -*) ;; *) folder=$word ;; esac; done
    mkdir -p "$folder/bin" && ln -sf /usr/bin/python3 "$folder/bin/python" || exit 1
    ln -sf /usr/bin/python3 "$folder/bin/python3"
    echo 'deactivate() { :; }' > "$folder/bin/activate"
    exit 0 ;;
  -V | --version | version) echo "uv 0.9.7 (AGENT-33's stand-in, which installs nothing)"; exit 0 ;;
  *) exit 0 ;;
esac
${options}${running}`;
