import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";

interface Missing {
  /** Names that Debian surely or perhaps has. */
  readonly debian: readonly string[];
  /** As they are called on PyPI. */
  readonly python: readonly string[];
}

/** What the stand-ins noted: `deb NAME` or `pypi NAME DEBIAN`, one a line. */
async function missingIn(file: string): Promise<Missing> {
  if (!existsSync(file)) return { debian: [], python: [] };
  const lines = (await readFile(file, "utf8")).split("\n").map((line) => line.split(" "));
  const debian = lines.filter(([kind]) => kind === "deb").map(([, name = ""]) => name);
  const python = lines.filter(([kind]) => kind === "pypi");
  const perhaps = python.map(([, , name = "-"]) => name).filter((name) => name !== "-");
  return {
    debian: [...new Set([...debian, ...perhaps])],
    python: [...new Set(python.map(([, name = ""]) => name))],
  };
}

/** What a task asks for and this machine lacks, as a person is told. */
export async function missingPackages(file: string): Promise<readonly string[]> {
  const { debian, python } = await missingIn(file);
  if (debian.length === 0 && python.length === 0) return [];
  const modules = python.length === 0 ? "" : ` (from PyPI: ${python.join(", ")})`;
  return [`asks for packages that this machine lacks: ${debian.join(" ")}${modules}`];
}

/** The same as the end of an error's message. */
export async function packageHint(file: string): Promise<string> {
  const [first] = await missingPackages(file);
  return first === undefined ? "" : `\nThe task ${first}`;
}
