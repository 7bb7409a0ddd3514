import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { grantTests } from "../../test/support/egress.ts";
import { temporaryFolder } from "../../test/support/temporary.ts";
import { findAgent, isAgentFile, readAgents } from "./library.ts";

grantTests("makes a pipe", { spawn: true });

/** A folder with one definition a file; the file's name is the version that it holds. */
function folder(files: Readonly<Record<string, string>>): string {
  const place = join(temporaryFolder("agents"), "agents");
  mkdirSync(place);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(place, name), text);
  return place;
}

const agent = (name: string, version: string): string =>
  `name: ${name}\nversion: "${version}"\nrole: r\ninstructions: i\n`;

const versions = {
  "a.yaml": agent("clerk", "1.10.0"),
  "b.yaml": agent("clerk", "1.9"),
  "c.yml": agent("clerk", "2.0.0-beta.1"),
  "d.yaml": agent("auditor", "1"),
  "notes.txt": "not a definition",
};

test("versions of one name stand side by side, and a name alone means the newest release", () => {
  const library = readAgents([folder(versions)]);
  const all = library.agents.map(({ agent: { name, version } }) => `${name}@${version}`);
  expect(all).toEqual(["auditor@1", "clerk@1.9", "clerk@1.10.0", "clerk@2.0.0-beta.1"]);
  expect(findAgent(library, "clerk").agent.version).toBe("1.10.0");
  expect(findAgent(library, "clerk@1.9.0").agent.version).toBe("1.9");
  expect(findAgent(library, "clerk@2.0.0-beta.1").agent.version).toBe("2.0.0-beta.1");
});

test("what is not there is an error that names what is", () => {
  const library = readAgents([folder(versions)]);
  for (const reference of ["clark", "clerk@3", "clerk@1.9@2", "clerk@"]) {
    expect(() => findAgent(library, reference)).toThrow(
      expect.objectContaining({ code: "agents.unknown", hint: expect.stringContaining("clerk@") }),
    );
  }
});

test("a broken file keeps nobody from using another, but says what is wrong when it is asked for", () => {
  const library = readAgents([folder({ ...versions, "scribe.yaml": "name: scribe\n" })]);
  expect(findAgent(library, "auditor").agent.name).toBe("auditor");
  expect(library.broken.map(({ error }) => error.code)).toEqual(["agents.malformed"]);
  expect(() => findAgent(library, "scribe")).toThrow(
    expect.objectContaining({ code: "agents.malformed" }),
  );
});

test("one version in two files is said, and the first of them holds", () => {
  const library = readAgents([folder({ ...versions, "e.yaml": agent("clerk", "1.9.0") })]);
  expect(library.broken.map(({ error }) => error.message)).toEqual([
    expect.stringMatching(/e\.yaml: clerk@1\.9\.0 is defined in .*b\.yaml/),
  ]);
  expect(library.agents).toHaveLength(4);
});

test("what is no file is said, and never waited for", () => {
  const place = folder(versions);
  execFileSync("sh", ["-c", 'mkfifo "$0"', join(place, "pipe.yaml")]);
  mkdirSync(join(place, "folder.yaml"));
  const library = readAgents([place]);
  expect(library.agents).toHaveLength(4);
  expect(library.broken.map(({ error }) => error.message)).toEqual([
    expect.stringMatching(/folder\.yaml cannot be read: it is no file/),
    expect.stringMatching(/pipe\.yaml cannot be read: it is no file/),
  ]);
});

test("a place that is not there is an error", () => {
  expect(() => readAgents(["/nowhere/agents"])).toThrow(
    expect.objectContaining({ code: "agents.unreadable" }),
  );
});

test.each([
  ["clerk", false],
  ["clerk@1.2.0", false],
  ["clerk.yaml", true],
  ["agents/clerk", true],
])("%s is a file: %s", (text, isFile) => {
  expect(isAgentFile(text)).toBe(isFile);
});
