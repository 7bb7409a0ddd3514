import { aptStandIn } from "./apt.ts";
import { ctrfPlugin } from "./ctrf.ts";
import { packageList } from "./places.ts";
import { pipStandIn } from "./pip.ts";
import {
  fetcherStandIn,
  pathModule,
  pipProgram,
  pytestStandIn,
  pythonStandIn,
} from "./programs.ts";
import { uvStandIn, uvxStandIn } from "./uv.ts";

/** A file among the stand-ins. */
export interface StandIn {
  /** Relative to the folder of stand-ins. */
  readonly path: string;
  readonly text: string;
  readonly isProgram: boolean;
}

const program = (name: string, text: string): StandIn => ({
  path: `bin/${name}`,
  text,
  isProgram: true,
});
const plain = (path: string, text: string): StandIn => ({ path, text, isProgram: false });

/** Where the modules are, relative to the folder of stand-ins; an image gets copies of them. */
export const modulesFolder = "python";

/**
 * Everything that stands in for what a task would fetch.
 * @param packages the Debian packages of this machine
 */
export function standIns(packages: readonly string[]): readonly StandIn[] {
  const metadata = `${modulesFolder}/pytest_json_ctrf-0.3.5.dist-info`;
  return [
    program("apt", aptStandIn),
    program("apt-get", aptStandIn),
    program("curl", fetcherStandIn("curl")),
    program("pip", pipProgram),
    program("pip3", pipProgram),
    program("pytest", pytestStandIn),
    program("python", pythonStandIn),
    program("python3", pythonStandIn),
    program("uv", uvStandIn),
    program("uvx", uvxStandIn),
    program("wget", fetcherStandIn("wget")),
    plain(packageList, packages.map((name) => `${name}\n`).join("")),
    plain(`${modulesFolder}/pip/__init__.py`, '__version__ = "0"\n'),
    plain(`${modulesFolder}/pip/__main__.py`, pipStandIn),
    plain(`${modulesFolder}/agent33-path.pth`, pathModule),
    plain(`${modulesFolder}/pytest_json_ctrf.py`, ctrfPlugin),
    plain(
      `${metadata}/METADATA`,
      "Metadata-Version: 2.1\nName: pytest-json-ctrf\nVersion: 0.3.5\nSummary: AGENT-33's stand-in\n",
    ),
    plain(`${metadata}/entry_points.txt`, "[pytest11]\nctrf = pytest_json_ctrf\n"),
  ];
}
