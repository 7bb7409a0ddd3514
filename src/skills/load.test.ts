import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { discover } from "./load.ts";
import { formatSkillNotice } from "./skill.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "agent33-skills-"));
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

async function write(files: Record<string, string>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
}

const plain = "---\nname: pdf-forms\ndescription: Fill PDF forms.\n---\n\n# Forms\n\nDo it.\n";

describe("discover", () => {
  test("loads a skill with everything that its front matter says", async () => {
    await write({
      "pdf-forms/SKILL.md":
        "---\nname: pdf-forms\ndescription: >\n  Fill PDF\n  forms.\nlicense: MIT\ncompatibility: needs qpdf\nallowed-tools: Read, Bash(qpdf *)\nmetadata:\n  version: 1.5\n---\n# Forms\n\nDo it.\n",
      "pdf-forms/scripts/fill.py": "print()",
      "pdf-forms/REFERENCE.md": "more",
    });
    const { skills, notices } = await discover(root);
    expect(notices).toEqual([]);
    expect(skills).toEqual([
      {
        name: "pdf-forms",
        description: "Fill PDF forms.",
        body: "# Forms\n\nDo it.",
        dir: join(root, "pdf-forms"),
        files: ["REFERENCE.md", "scripts/fill.py"],
        digest: expect.stringMatching(/^[0-9a-f]{64}$/),
        license: "MIT",
        compatibility: "needs qpdf",
        version: "1.5",
        allowedTools: ["Read", "Bash(qpdf *)"],
        disallowedTools: [],
        approvalTools: [],
        dependencies: [],
        modelMayLoad: true,
        metadata: { version: "1.5" },
      },
    ]);
  });

  test("sorts skills by name and takes a folder that is a skill itself", async () => {
    await write({
      "b/SKILL.md": "---\nname: b\ndescription: B.\n---\nb",
      "a/SKILL.md": "---\nname: a\ndescription: A.\n---\na",
    });
    expect((await discover(root)).skills.map((skill) => skill.name)).toEqual(["a", "b"]);
    expect((await discover(join(root, "a"))).skills.map((skill) => skill.name)).toEqual(["a"]);
  });

  test("gives a skill a new digest when any of its files changes", async () => {
    await write({ "s/SKILL.md": plain, "s/scripts/x.sh": "echo 1" });
    const before = (await discover(root)).skills[0]?.digest;
    expect((await discover(root)).skills[0]?.digest).toBe(before);
    await write({ "s/scripts/x.sh": "echo 2" });
    expect((await discover(root)).skills[0]?.digest).not.toBe(before);
  });

  // Each row: what is odd, the text of SKILL.md in the folder "odd", the codes told, the name kept.
  const irregular: [string, string, string[], string | undefined][] = [
    ["a name unlike its folder's", plain, ["skills.name_differs"], "pdf-forms"],
    [
      "a name out of form",
      "---\nname: FFmpeg Audio\ndescription: Sound.\n---\nbody",
      ["skills.name_differs", "skills.name_form"],
      "FFmpeg Audio",
    ],
    ["no name", "---\ndescription: D.\n---\nbody", ["skills.name_missing"], "odd"],
    [
      "a name that is no text",
      "---\nname: [a]\ndescription: D.\n---\nbody",
      ["skills.name_missing"],
      "odd",
    ],
    [
      "a number as a name",
      "---\nname: 7\ndescription: D.\n---\nbody",
      ["skills.name_differs"],
      "7",
    ],
    ["Windows line ends", "---\r\nname: odd\r\ndescription: D.\r\n---\r\nbody\r\n", [], "odd"],
    ["a byte order mark", "\uFEFF---\nname: odd\ndescription: D.\n---\nbody", [], "odd"],
    [
      "a tool list as YAML list",
      "---\nname: odd\ndescription: D.\nallowed-tools: [Read]\n---\nbody",
      [],
      "odd",
    ],
    ["keys of other tools", "---\nname: odd\ndescription: D.\nhooks: {a: 1}\n---\nbody", [], "odd"],
    [
      "a colon in an unquoted description",
      "---\nname: odd\ndescription: Use this: when odd\n---\nbody",
      ["skills.front_matter_repaired"],
      "odd",
    ],
    [
      "a very long description",
      `---\nname: odd\ndescription: ${"x".repeat(1100)}\n---\nbody`,
      ["skills.description_long"],
      "odd",
    ],
    ["no text", "---\nname: odd\ndescription: D.\n---\n", ["skills.body_empty"], "odd"],
    ["no description", "---\nname: odd\n---\nbody", ["skills.description_missing"], undefined],
    ["no front matter", "# Odd\n\nbody", ["skills.front_matter_missing"], undefined],
    [
      "front matter that never ends",
      "---\nname: odd\n",
      ["skills.front_matter_missing"],
      undefined,
    ],
    [
      "front matter further down",
      "text\n---\nname: odd\ndescription: D.\n---\n",
      ["skills.front_matter_missing"],
      undefined,
    ],
    ["empty front matter", "---\n---\nbody", ["skills.front_matter_malformed"], undefined],
    [
      "front matter that is a list",
      "---\n- a\n---\nbody",
      ["skills.front_matter_malformed"],
      undefined,
    ],
    [
      "front matter that is no YAML",
      "---\nname: [odd\n---\nbody",
      ["skills.front_matter_malformed"],
      undefined,
    ],
    [
      "more than a text can be",
      `---\nname: odd\ndescription: D.\n---\n${"x".repeat(1_100_000)}`,
      ["skills.too_large"],
      undefined,
    ],
  ];
  test.each(irregular)("copes with %s", async (_what, text, codes, name) => {
    await write({ "odd/SKILL.md": text });
    const { skills, notices } = await discover(root);
    expect(notices.map((notice) => notice.code)).toEqual(codes);
    expect(skills.map((skill) => skill.name)).toEqual(name === undefined ? [] : [name]);
    expect(notices.every((notice) => (notice.level === "issue") === (name === undefined))).toBe(
      true,
    );
  });

  test("repairs an unquoted description without losing words", async () => {
    await write({
      "odd/SKILL.md": '---\nname: odd\ndescription: Use this: "now" # really\n---\nbody',
    });
    const { skills, notices } = await discover(root);
    expect(skills[0]?.description).toBe('Use this: "now" # really');
    expect(formatSkillNotice(notices[0]!)).toMatch(/^skill odd: line 3: /);
  });

  test("passes folders without SKILL.md over and leaves files and hidden folders alone", async () => {
    await write({ "licenses/MIT.txt": "x", "README.md": "x", ".git/SKILL.md": plain });
    expect(await discover(root)).toEqual({
      skills: [],
      notices: [
        {
          level: "notice",
          code: "skills.no_skill_file",
          folder: "licenses",
          message: "no SKILL.md, passed over",
          hint: "Add a SKILL.md, or move the folder elsewhere.",
        },
      ],
    });
  });

  test("keeps the first of two skills with one name and tells about the other", async () => {
    await write({ "one/SKILL.md": plain, "two/SKILL.md": plain });
    const { skills, notices } = await discover(root);
    expect(skills.map((skill) => skill.dir)).toEqual([join(root, "one")]);
    expect(notices.at(-1)).toMatchObject({
      level: "issue",
      code: "skills.name_taken",
      folder: "two",
    });
  });

  test("follows a link to a skill folder and tells about one that leads nowhere", async () => {
    await write({ "elsewhere/pdf-forms/SKILL.md": plain });
    await mkdir(join(root, "here"));
    await symlink(join(root, "elsewhere", "pdf-forms"), join(root, "here", "pdf-forms"));
    await symlink(join(root, "gone"), join(root, "here", "gone"));
    const { skills, notices } = await discover(join(root, "here"));
    expect(skills.map((skill) => skill.name)).toEqual(["pdf-forms"]);
    expect(notices).toMatchObject([{ level: "issue", code: "skills.unreadable", folder: "gone" }]);
  });

  test("says when there is no such folder, or when it is a file", async () => {
    await write({ file: "x" });
    await expect(discover(join(root, "none"))).rejects.toMatchObject({
      code: "skills.folder_not_found",
    });
    await expect(discover(join(root, "file"))).rejects.toMatchObject({
      code: "skills.folder_unreadable",
    });
  });
});

test.each([
  ["a quotation at its beginning", '"Half" of it: quoted', '"Half" of it: quoted'],
  ["a sign at its beginning", "@home: text", "@home: text"],
  [
    "lines that are not indented",
    "One: two\n- three: 3\n@four `five`",
    "One: two - three: 3 @four `five`",
  ],
])("repairs a description with %s", async (_what, written, description) => {
  await write({ "odd/SKILL.md": `---\nname: odd\ndescription: ${written}\nlicense: MIT\n---\nb` });
  const { skills, notices } = await discover(root);
  expect(skills).toMatchObject([{ name: "odd", description, license: "MIT" }]);
  expect(notices.map(({ code }) => code)).toEqual(["skills.front_matter_repaired"]);
});
