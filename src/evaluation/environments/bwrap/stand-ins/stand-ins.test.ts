import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { grantTests } from "../../../../../test/support/egress.ts";
import { standIns } from "./files.ts";
import { standInFolder } from "./places.ts";

grantTests("runs stand-ins", { spawn: true });

/** As inside, but at a place of the test's own. */
const dir = mkdtempSync(join(tmpdir(), "agent33-stand-ins-"));
const python = existsSync("/usr/bin/python3");
beforeAll(() => {
  for (const { path, text, isProgram } of standIns(["bash", "curl"])) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text.replaceAll(standInFolder, dir), {
      mode: isProgram ? 0o755 : 0o644,
    });
  }
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function run(name: string, ...args: readonly string[]) {
  const missing = join(dir, "missing");
  rmSync(missing, { force: true });
  const { status, stdout, stderr } = spawnSync(join(dir, "bin", name), args, {
    cwd: dir,
    env: { PATH: `${dir}/bin:/usr/bin:/bin`, AGENT33_MISSING: missing, HOME: dir },
    encoding: "utf8",
    input: "",
  });
  const noted = existsSync(missing) ? readFileSync(missing, "utf8") : "";
  return { status, stdout, stderr, noted };
}

test("every program is one that the shell can read", () => {
  const programs = standIns([]).filter(({ isProgram }) => isProgram);
  expect(programs.length).toBeGreaterThan(8);
  for (const { path } of programs) {
    const { status, stderr } = spawnSync("/bin/sh", ["-n", join(dir, path)], { encoding: "utf8" });
    expect({ path, status, stderr }).toEqual({ path, status: 0, stderr: "" });
  }
});

test("apt-get installs nothing and says which packages are not there", () => {
  expect(run("apt-get", "update")).toEqual({ status: 0, stdout: "", stderr: "", noted: "" });
  const words = ["-y", "install", "--no-install-recommends", "-o", "A=b", "bash=5*", "curl:amd64"];
  expect(run("apt-get", ...words).stderr).toBe("");
  const lacking = run("apt", ...words, "no-such/stable", "nor-this");
  expect(lacking).toMatchObject({ status: 0, noted: "deb no-such\ndeb nor-this\n" });
  expect(lacking.stderr).toContain("not there: no-such nor-this");
  expect(run("apt-get", "remove", "-y", "no-such").noted).toBe("");
});

test("curl and wget leave uv's installer alone", () => {
  const { status, stdout } = run("curl", "-LsSf", "https://astral.sh/uv/0.9.7/install.sh");
  expect({ status, stdout }).toEqual({ status: 0, stdout: ":\n" });
});

test("uv makes no project, and runs what is there", () => {
  expect(run("uv", "init").status).toBe(0);
  expect(run("uv", "sync", "--frozen").status).toBe(0);
  expect(run("uv", "run", "--no-project", "echo", "a b", "--with")).toMatchObject({
    stdout: "a b --with\n",
  });
  expect(run("uvx", "-p", "3.12", "echo@1.0", "x")).toMatchObject({ stdout: "x\n" });
  expect(run("uvx", "no-such-tool")).toMatchObject({ status: 127 });
  expect(run("uv", "venv", "made", "--quiet").status).toBe(0);
  expect(readFileSync(join(dir, "made/bin/activate"), "utf8")).toContain("deactivate");
});

test("pip installs nothing and says what is not there, from requirements too", () => {
  expect(python).toBe(true);
  writeFileSync(
    join(dir, "requirements.txt"),
    "# a comment\nno_such.thing>=2 ; python_version > '3'\n",
  );
  const { status, stderr, noted } = run(
    "pip3",
    "install",
    "--break-system-packages",
    "-i",
    "https://example.org",
    "python-docx-no[extra]==1.0",
    "./local",
    "-r",
    join(dir, "requirements.txt"),
  );
  expect(status).toBe(0);
  expect(stderr).toContain("not installed: ./local");
  expect(noted).toBe(
    "pypi python-docx-no python3-docx-no\npypi no-such-thing python3-no-such-thing\n",
  );
  expect(run("pip", "--version").stdout).toContain("stand-in");
});

test("python looks in the working folder last, where it runs no file of its own", () => {
  writeFileSync(join(dir, "json.py"), "raise SystemExit('planted')\n");
  writeFileSync(join(dir, "script.py"), "import sys; print(sys.path[0])\n");
  expect(run("python3", "-c", "import json; print(json.dumps(1))")).toMatchObject({
    stdout: "1\n",
  });
  expect(run("python", "-u", "-m", "pip", "--help").stderr).not.toContain("planted");
  expect(run("python3", "script.py").stdout).toBe(`${dir}\n`);
});
