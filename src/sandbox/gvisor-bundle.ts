import {
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { HostUser } from "./host-user.ts";
import type { OciSeccomp } from "./seccomp-oci.ts";
import {
  environmentInside,
  etcFiles,
  givenPaths,
  type SandboxView,
  type ShownPath,
  startFolder,
  systemPaths,
} from "./view.ts";

/** A folder that `runsc` starts a command from, with the place for its own state. */
export interface GvisorBundle {
  readonly folder: string;
  readonly state: string;
  remove(): void;
}

/**
 * The user inside, which `runsc` maps to the one that it runs as outside. It has no capabilities,
 * so that it is root by name only.
 */
const insideId = 0;
const noCapabilities = {
  bounding: [],
  effective: [],
  inheritable: [],
  permitted: [],
  ambient: [],
};

/**
 * Makes a bundle of the OCI runtime specification: `config.json` and an empty root file system with
 * the places that the mounts go to.
 * @throws Agent33Error `sandbox.folder_refused`, `sandbox.invalid_environment`
 */
export function makeGvisorBundle(
  view: SandboxView,
  seccomp: OciSeccomp,
  { owner }: HostUser,
  command: readonly string[],
): GvisorBundle {
  const shown = [...systemPaths(view.nodePath), ...givenPaths(view)];
  const mounts = mountsOf(view, shown);
  const config = {
    ociVersion: "1.0.2",
    process: {
      terminal: false,
      user: { uid: insideId, gid: insideId },
      args: command,
      env: Object.entries(environmentInside(view)).map(([name, value]) => `${name}=${value}`),
      cwd: startFolder(view),
      capabilities: noCapabilities,
      noNewPrivileges: true,
    },
    root: { path: "root", readonly: true },
    hostname: "sandbox",
    mounts,
    linux: {
      seccomp,
      namespaces: ["pid", "network", "ipc", "uts", "mount"].map((type) => ({ type })),
    },
  };
  const folder = mkdtempSync(join(tmpdir(), "agent33-gvisor-"));
  const state = join(folder, "state");
  mkdirSync(state);
  makeRoot(join(folder, "root"), shown);
  writeFileSync(join(folder, "config.json"), JSON.stringify(config));
  if (owner !== undefined) {
    for (const path of [folder, state]) chownSync(path, owner.uid, owner.gid);
  }
  return { folder, state, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

function mountsOf({ tmpBytes }: SandboxView, shown: readonly ShownPath[]): readonly object[] {
  const size = `size=${tmpBytes}`;
  const binds = shown.filter(({ kind }) => kind !== "symlink");
  return [
    { destination: "/proc", type: "proc", source: "proc", options: ["ro"] },
    // Cannot be read-only, for devices could not be written then; the bound on all memory holds it.
    { destination: "/dev", type: "tmpfs", source: "tmpfs" },
    { destination: "/dev/shm", type: "tmpfs", source: "tmpfs", options: [size] },
    { destination: "/tmp", type: "tmpfs", source: "tmpfs", options: [size] },
    ...binds.map(({ kind, from, path }) => ({
      destination: path,
      type: "bind",
      source: from,
      options: ["rbind", kind === "bind" ? "rw" : "ro"],
    })),
  ];
}

/** Every mount needs a file or a folder to go onto, and the root cannot be written later. */
function makeRoot(root: string, shown: readonly ShownPath[]): void {
  for (const name of ["proc", "dev", "tmp", "sys", "var", "etc"]) {
    mkdirSync(join(root, name), { recursive: true });
  }
  symlinkSync("../tmp", join(root, "var/tmp"));
  for (const [path, text] of etcFiles(String(insideId))) writeFileSync(join(root, path), text);
  for (const { kind, from, path } of shown) {
    const place = join(root, path);
    mkdirSync(dirname(place), { recursive: true });
    if (kind === "symlink") symlinkSync(from, place);
    else if (lstatSync(from).isDirectory()) mkdirSync(place, { recursive: true });
    else writeFileSync(place, "", { flag: "a" });
  }
}
