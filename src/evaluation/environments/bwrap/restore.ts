import { join, posix, relative } from "node:path";
import { lookAt, namesIn, resolveInside } from "../inside.ts";
import { etcNames, home } from "./skeleton.ts";
import { type FolderTools, placeInside } from "./tools.ts";

/** In /etc besides what images begin with: what programs read before they do what they are told. */
const etcPrograms = [
  "ld.so.preload",
  "profile",
  "profile.d",
  "bash.bashrc",
  "environment",
  "pip.conf",
  "gitconfig",
  "inputrc",
  "security",
  "curlrc",
  "wgetrc",
  "npmrc",
  "xdg",
  "passwd",
  "group",
  "hosts",
  "hostname",
  "nsswitch.conf",
  "resolv.conf",
];
/** In the home folder: start files of shells and tools, and the user's own programs and modules. */
const homePrograms = [
  ".bashrc",
  ".bash_profile",
  ".bash_login",
  ".bash_logout",
  ".bash_aliases",
  ".profile",
  ".inputrc",
  ".zshrc",
  ".zshenv",
  ".zprofile",
  ".pythonrc",
  ".pythonrc.py",
  ".pystartup",
  ".pdbrc",
  ".pdbrc.py",
  ".pydistutils.cfg",
  ".pip",
  ".config/pip",
  ".config/uv",
  ".config/git",
  ".config/matplotlib",
  ".matplotlib",
  ".gitconfig",
  ".curlrc",
  ".config/curlrc",
  ".wgetrc",
  ".npmrc",
  ".node_modules",
  ".node_libraries",
  ".perlrc",
  ".Rprofile",
  ".octaverc",
  ".ldrc",
  ".local/bin",
  ".local/lib",
  ".cargo/env",
  ".cargo/bin",
  ".cargo/config.toml",
];
/** Files by which pytest and Python are told what to do; they are looked for upwards of the tests. */
const testPrograms = [
  "conftest.py",
  "pytest.ini",
  ".pytest.ini",
  "pytest.toml",
  ".pytest.toml",
  "tox.ini",
  "setup.cfg",
  "setup.py",
  "pyproject.toml",
  "__init__.py",
  "__pycache__",
  "pyvenv.cfg",
];
/** Modules that would come before those of the verifier's own tools, in whatever form. */
const toolModule =
  /^(?:pytest|_pytest|pluggy|iniconfig|packaging|pytest_json_ctrf|sitecustomize|usercustomize|conftest|pip)(?:\.|$)/;
/** Folders of modules that are not of packages: of Python, Perl, Ruby and R. */
const moduleFolder = /^(?:python|perl|site_perl|site_ruby|ruby|R$)/;
/** Where the verifier's own things go. */
const verifierFolders = ["/tests", "/verifier", "/logs", "/solution", "/oracle"];

/** Something of the image that is to be put back. */
export interface PutBack {
  /** As seen from inside. */
  readonly path: string;
  /** Relative to the image's root folder. */
  readonly from: string;
}

/**
 * Takes out of what an agent left everything by which it could have told the verifier's tools what to
 * do. Nothing may run in it.
 * @param image the root folder that the agent's was a copy of
 * @returns what the image had in the places of it
 */
export async function removePrograms(
  root: string,
  image: string,
  places: { readonly workdir: string; readonly hostEtc: readonly string[] },
  tools: FolderTools,
): Promise<readonly PutBack[]> {
  const gone = verifierFolders.map((path) => join(root, path));
  const back: PutBack[] = [];
  const inEtc = [...etcNames(places.hostEtc), ...etcPrograms].map((name) => `/etc/${name}`);
  const inHome = homePrograms.map((name) => `${home}/${name}`);
  const atTop = testPrograms.map((name) => `/${name}`);
  const sides = [root, image];
  const found = await Promise.all([
    ...["/", home, places.workdir].map((folder) => entriesOf(sides, folder, toolModule)),
    entriesOf(sides, "/usr/local/lib", moduleFolder),
    entriesOf(sides, "/usr/local/share", moduleFolder),
    entriesOf(sides, "/usr/local", /^pyvenv\.cfg$/),
  ]);
  for (const path of new Set([...inEtc, ...inHome, ...atTop, ...found.flat()])) {
    const place = await placeInside(root, path);
    if (place !== undefined && (await lookAt(place)) !== undefined) gone.push(place);
    const original = await placeInside(image, path);
    if (original === undefined || (await lookAt(original)) === undefined) continue;
    back.push({ path, from: relative(image, original) });
  }
  await tools.remove(...gone);
  return back;
}

/**
 * The command that puts things of the image back, from inside: no link that the agent left leads it to
 * this machine.
 * @param image where the image is shown inside
 * @param workdir is made if the agent removed it
 */
export function putBackScript(
  back: readonly PutBack[],
  image: string,
  workdir: string,
): readonly [string, ...string[]] {
  const script = `set -e
[ -d "$1" ] || { rm -f "$1"; mkdir -p "$1"; }
shift
while [ $# -gt 0 ]; do
  folder=$(dirname "$2")
  [ -d "$folder" ] || { rm -f "$folder"; mkdir -p "$folder"; }
  cp -a --no-target-directory "$1" "$2"
  shift 2
done`;
  const words = back.flatMap(({ path, from }) => [`${image}/${from}`, path]);
  return ["/bin/sh", "-c", script, "sh", workdir, ...words];
}

/** What in a folder fits, in any of these root folders, by its path as seen from inside. */
async function entriesOf(
  sides: readonly string[],
  folder: string,
  pattern: RegExp,
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const side of sides) {
    const place = await resolveInside(side, folder);
    const names = place === undefined ? [] : await namesIn(place);
    found.push(...names.filter((name) => pattern.test(name)));
  }
  return found.map((name) => posix.join(folder, name));
}
