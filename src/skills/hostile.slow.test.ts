import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { unwrap } from "../base/result.ts";
import { discover } from "./load.ts";
import { createReadSkillFileTool } from "./resource-tool.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "agent33-hostile-"));
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

async function write(files: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
}
const plain = "---\nname: odd\ndescription: D.\n---\nbody";
const bomb = `---\nname: odd\ndescription: D.\na: &a [${"x,".repeat(9)}x]\n${"bcdefghi"
  .split("")
  .map((key, at) => `${key}: &${key} [${`*${"abcdefgh"[at]},`.repeat(9)}*${"abcdefgh"[at]}]`)
  .join("\n")}\n---\nbody`;

describe("a hostile skill folder", () => {
  test.each([
    ["10 MB of front matter", `---\nname: ${"x".repeat(10_000_000)}\n---\n`, "skills.too_large"],
    [
      "front matter that is longer than any",
      `---\nname: odd\ndescription: ${"x".repeat(100_000)}\n---\nb`,
      "skills.front_matter_malformed",
    ],
    ["a bomb of YAML aliases", bomb, "skills.front_matter_malformed"],
    [
      "lists in lists without end",
      `---\nname: odd\ndescription: ${"[".repeat(30_000)}\n---\nb`,
      "skills.front_matter_malformed",
    ],
    [
      "a list of tools that is none",
      "---\nname: odd\ndescription: D.\ndisallowed-tools: {Bash: true}\n---\nb",
      "skills.tool_list_malformed",
    ],
    [
      "two lists of tools",
      "---\nname: odd\ndescription: D.\ndisallowed-tools: Bash\ndisallowed-tools: Read\n---\nb",
      "skills.tool_list_malformed",
    ],
  ])("is no skill, with the reason: %s", async (_what, text, code) => {
    await write({ "odd/SKILL.md": text });
    const { skills, notices } = await discover(root);
    expect(skills).toEqual([]);
    expect(notices.filter(({ level }) => level === "issue")).toMatchObject([
      { code, hint: expect.any(String) },
    ]);
  });

  test("has its NULs and controls left out, and what nobody sees told", async () => {
    await write({
      "odd/SKILL.md": '---\nname: "odd"\ndescription: a\u0000b\u001b[31m\n---\nx\u0007y \u202E z',
    });
    const { skills, notices } = await discover(root);
    expect(skills).toMatchObject([{ description: "ab[31m", body: "xy \u202E z" }]);
    expect(notices.map(({ code }) => code)).toEqual([
      "skills.control_characters",
      "skills.hidden_characters",
    ]);
  });

  test("is read as UTF-16 where it says so, and else as the UTF-8 that it is not quite", async () => {
    const utf16 = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(plain, "utf16le")]);
    await write({
      "odd/SKILL.md": utf16,
      "latin/SKILL.md": Buffer.from("---\nname: latin\ndescription: caf\u00E9\n---\nb", "latin1"),
    });
    const { skills, notices } = await discover(root);
    expect(skills.map(({ description }) => description)).toEqual(["caf\uFFFD", "D."]);
    expect(notices.map(({ code }) => code)).toEqual(["skills.encoding", "skills.encoding"]);
  });

  test("gives nothing of what its links lead to, nor a text that is itself a link", async () => {
    await write({ "secret.txt": "secret", "odd/SKILL.md": plain, "linked/x.md": "x" });
    await symlink(join(root, "secret.txt"), join(root, "odd/notes.md"));
    await symlink(root, join(root, "odd/all"));
    await symlink(join(root, "odd/SKILL.md"), join(root, "linked/SKILL.md"));
    const { skills, notices } = await discover(root);
    expect(skills.map(({ name, files }) => [name, files])).toEqual([["odd", []]]);
    expect(notices.map(({ code, file }) => [code, file])).toEqual([
      ["skills.link", undefined],
      ["skills.file_link", "all"],
      ["skills.file_link", "notes.md"],
    ]);
  });

  test("is told of where names collide on other machines, or cannot be read", async () => {
    await write({
      "odd/SKILL.md": plain,
      "odd/a.md": "",
      "odd/A.md": "",
      "odd/x\u001b.md": "",
      "odd/y\\z.md": "",
    });
    const { skills, notices } = await discover(root);
    expect(skills[0]?.files).toEqual(["A.md", "a.md"]);
    expect(notices.map(({ code }) => code).toSorted()).toEqual([
      "skills.file_name_unsafe",
      "skills.file_name_unsafe",
      "skills.names_collide",
    ]);
  });

  test("never makes the reader fail, whatever stands in its text", async () => {
    const line = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom(
        "---",
        "name: a",
        "description: b",
        "allowed-tools:",
        "- x",
        "metadata: {",
        "&a",
        "*a",
        "\t- y",
        "dependencies: [a: b]",
      ),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 12 }), async (lines) => {
        await write({ "odd/SKILL.md": ["---", ...lines].join("\n") });
        const { skills, notices } = await discover(root);
        expect(skills.length + notices.length).toBeGreaterThan(0);
      }),
      { numRuns: 200 },
    );
  });
});

describe("read_skill_file", () => {
  const context = {
    signal: new AbortController().signal,
    idempotencyKey: "run/1",
    progress: () => undefined,
  };
  async function reader() {
    await write({
      "odd/SKILL.md": plain,
      "odd/references/a.md": "0123456789",
      "odd/logo.png": Buffer.from([1, 0, 2]),
      "outside.txt": "secret",
    });
    const tool = createReadSkillFileTool((await discover(root)).skills);
    return (path: string, more: object = {}) =>
      tool.run(unwrap(tool.parse({ skill: "odd", path, ...more })), context);
  }

  test("gives a file whole or in parts, and makes the skill hold", async () => {
    const read = await reader();
    expect(await read("./references/a.md")).toMatchObject({
      content: "0123456789",
      isError: false,
      loads: { name: "odd" },
    });
    expect((await read("references/a.md", { offset: 2, characters: 3 })).content).toBe(
      "234\n[characters 2 to 5 of 10; go on with offset 5]",
    );
  });

  test.each([
    "../outside.txt",
    "references/../../outside.txt",
    "/etc/passwd",
    "references",
    "a\u0000b",
    "SKILL.md",
  ])("gives nothing for %j", async (path) => {
    const read = await reader();
    expect(await read(path)).toMatchObject({ isError: true });
  });

  test("gives nothing that has become a link since, in any part of its path", async () => {
    const read = await reader();
    await rm(join(root, "odd/references/a.md"));
    await symlink(join(root, "outside.txt"), join(root, "odd/references/a.md"));
    expect((await read("references/a.md")).content).toContain("through a link");
    await rm(join(root, "odd/references"), { recursive: true });
    await write({ "elsewhere/a.md": "secret" });
    await symlink(join(root, "elsewhere"), join(root, "odd/references"));
    expect((await read("references/a.md")).content).toContain("through a link");
  });

  test("says that a file is no text", async () => {
    const read = await reader();
    expect((await read("logo.png")).content).toBe("logo.png is no text: 3 bytes of binary data.");
  });
});
