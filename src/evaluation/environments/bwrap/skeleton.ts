import { existsSync, readFileSync, realpathSync } from "node:fs";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { sha256 } from "../../../base/digest.ts";
import type { HostUser } from "../../../sandbox/host-user.ts";
import { systemFolders } from "../../../sandbox/rooted-spawn.ts";
import { environmentFile } from "./stand-ins/programs.ts";
import { modulesFolder, standIns } from "./stand-ins/files.ts";
import { copyFolder, standInFolder } from "./stand-ins/places.ts";
import { ensureFolder, ensureLink, type FolderTools } from "./tools.ts";

/** Where root is at home inside. */
export const home = "/root";

/** What programs of Debian need of /etc; nothing in it is anybody's secret. */
const etcEntries = [
  "ImageMagick-6",
  "alternatives",
  "bash_completion",
  "ca-certificates",
  "ca-certificates.conf",
  "debian_version",
  "fonts",
  "ghostscript",
  "gai.conf",
  "host.conf",
  "ld.so.cache",
  "ld.so.conf",
  "ld.so.conf.d",
  "libreoffice",
  "locale.alias",
  "magic",
  "magic.mime",
  "mime.types",
  "os-release",
  "papersize",
  "perl",
  "protocols",
  "rpc",
  "services",
  "shells",
  "ssl/certs",
  "ssl/openssl.cnf",
  "terminfo",
  "texmf",
  "timezone",
];
/** The same for what has its version in its name. */
const etcVersioned = /^(?:java|python)[-0-9.]*/;

const ownEtcFiles: readonly (readonly [name: string, text: string])[] = [
  [
    "passwd",
    "root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
  ],
  ["group", "root:x:0:\ndaemon:x:1:\nnogroup:x:65534:\n"],
  ["hosts", "127.0.0.1 localhost trial\n::1 localhost\n"],
  ["hostname", "trial\n"],
  ["nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\nservices: files\n"],
];

/** What of /etc comes from this machine or from here, and is put back before a verdict. */
export function etcNames(hostNames: readonly string[]): readonly string[] {
  const versioned = hostNames.filter((name) => etcVersioned.test(name));
  return [...etcEntries, ...versioned].filter((name) => existsSync(join("/etc", name)));
}

/** The Debian packages of this machine: their names, and one digest over names and versions. */
export function debianPackages(): { readonly names: readonly string[]; readonly digest: string } {
  if (!existsSync("/var/lib/dpkg/status")) return { names: [], digest: sha256("") };
  const paragraphs = readFileSync("/var/lib/dpkg/status", "utf8").split("\n\n");
  const installed = paragraphs.flatMap((text) => {
    const name = /^Package: (.+)$/m.exec(text)?.[1];
    const version = /^Version: (.+)$/m.exec(text)?.[1] ?? "";
    return name !== undefined && /^Status: .* installed$/m.test(text) ? [{ name, version }] : [];
  });
  return {
    names: [...new Set(installed.map(({ name }) => name))],
    digest: sha256(installed.map(({ name, version }) => `${name} ${version}\n`).join("")),
  };
}

/** Where Debian's Python looks for modules that are not of packages; undefined without a Python. */
export function modulesInside(): string | undefined {
  if (!existsSync("/usr/bin/python3")) return undefined;
  return `/usr/local/lib/${basename(realpathSync("/usr/bin/python3"))}/dist-packages`;
}

/** Writes the stand-ins to a new folder. */
export async function writeStandIns(folder: string, packages: readonly string[]): Promise<void> {
  for (const { path, text, isProgram } of standIns(packages)) {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
    // Whatever this process's own mask is: others run them.
    await chmod(file, isProgram ? 0o755 : 0o644);
    for (let inner = dirname(file); inner !== folder; inner = dirname(inner)) {
      await chmod(inner, 0o755);
    }
  }
  await mkdir(join(folder, copyFolder));
  await chmod(join(folder, copyFolder), 0o755);
}

/**
 * Makes what every image begins with: the folders of a system, what of /etc programs need, the
 * modules that stand in for others. The programs themselves are this machine's, shown when it runs.
 * @param folder is there and empty
 * @param etc the names in /etc to be copied
 */
export async function makeSkeleton(
  folder: string,
  etc: readonly string[],
  standInsDir: string,
  tools: FolderTools,
): Promise<void> {
  await mendTop(folder, tools, undefined);
  for (const name of [
    "home",
    "media",
    "mnt",
    "opt",
    "run",
    "srv",
    "var/log",
    "var/lib/apt/lists",
  ]) {
    await mkdir(join(folder, name), { recursive: true });
  }
  for (const name of ["tmp", "var/tmp"]) {
    await mkdir(join(folder, name), { recursive: true });
    // As everywhere: for all, but nobody removes what is not theirs.
    await chmod(join(folder, name), 0o1777);
  }
  for (const name of ["bin", "lib", "share", "etc", "include", "sbin", "src"]) {
    await mkdir(join(folder, "usr/local", name), { recursive: true });
  }
  const paths = etc.map((name) => join("/etc", name));
  if (paths.length > 0) await tools.gather(paths, folder);
  await tools.loaderCache(folder);
  for (const [name, text] of ownEtcFiles) await writeFile(join(folder, "etc", name), text);
  await mkdir(join(folder, home, ".local/bin"), { recursive: true });
  await writeFile(join(folder, home, ".local/bin/env"), environmentFile);
  const modules = modulesInside();
  if (modules === undefined) return;
  await mkdir(dirname(join(folder, modules)), { recursive: true });
  await tools.copy(join(standInsDir, modulesFolder), join(folder, modules));
}

/**
 * Puts the top of a root folder in order: without it nothing can start inside. An agent can remove or
 * replace all of it.
 */
export async function mendTop(
  root: string,
  tools: FolderTools,
  owner: HostUser["owner"],
): Promise<void> {
  const made: string[] = [];
  for (const [name, link] of systemFolders()) {
    const path = join(root, name);
    const isNew =
      link === undefined ? await ensureFolder(path) : await ensureLink(path, link, tools);
    if (isNew) made.push(path);
  }
  for (const name of ["etc", "proc", "dev", standInFolder, "usr/local"]) {
    const path = join(root, name);
    if (await ensureFolder(path)) made.push(path);
  }
  if (made.length > 0) await tools.give(owner, ...made);
}
