import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, describe, test } from "vitest";
import { zipOf } from "../support/zip.ts";
import { freshFolder, runInProcess } from "../support/cli.ts";

function write(folder: string, files: Readonly<Record<string, string | Buffer>>): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

const skill = (name: string, more = "", text = `How to ${name}.`): string =>
  `---\nname: ${name}\ndescription: About ${name}.\n${more}---\n${text}\n`;
const agent33 = (folder: string, ...words: readonly string[]) =>
  runInProcess(["skills", ...words], folder);
const data = async (folder: string, ...words: readonly string[]) =>
  JSON.parse((await agent33(folder, ...words, "--json")).stdout) as {
    readonly items: readonly Readonly<Record<string, unknown>>[];
    readonly notices: readonly unknown[];
    readonly faults: readonly unknown[];
    readonly kinds: readonly unknown[];
    readonly kept: unknown;
  };
const settings = (text: string) => ({ "agent33.config.yaml": text });

describe("agent33 skills list and show", () => {
  test("tell of each skill where it is, how it stands and which comes first", async () => {
    const folder = write(freshFolder(), {
      ".agents/skills/pdf/SKILL.md": skill("pdf", "metadata:\n  version: '2'\n"),
      ".claude/skills/pdf/SKILL.md": skill("pdf"),
      ".claude/skills/off/SKILL.md": skill("off"),
      ".claude/skills/payroll-de/SKILL.md": skill("payroll-de", "disallowed-tools: Bash\n"),
      ...settings("skills:\n  disabled: [off]\n  tenants:\n    'payroll-*': [acme]\n"),
    });
    const { items, notices } = await data(folder, "list");
    expect(items.map((one) => [one["name"], one["status"], one["folder"], one["version"]])).toEqual(
      [
        ["off", "disabled", ".claude/skills", undefined],
        ["payroll-de", "hidden", ".claude/skills", undefined],
        ["pdf", "enabled", ".agents/skills", "2"],
        ["pdf", "shadowed", ".claude/skills", undefined],
      ],
    );
    expect(notices).toMatchObject([
      {
        code: "skills.shadowed",
        folder: ".claude/skills/pdf",
        message: "the skill of this name in .agents/skills comes first",
      },
    ]);
    const told = await agent33(folder, "show", "payroll-de");
    expect(told.stdout).toContain("forbids Bash");
    expect(told.stdout).toContain("How to payroll-de.");
    const unknown = await agent33(folder, "show", "payrol-de");
    expect([unknown.code, unknown.stderr]).toEqual([
      64,
      expect.stringContaining('Did you mean "payroll-de"?'),
    ]);
  });

  test("says that a folder is missing only where somebody named it", async () => {
    const folder = write(freshFolder(), settings("skills:\n  folders: [mine, .claude/skills]\n"));
    expect((await data(folder, "list")).notices).toMatchObject([
      { level: "issue", code: "skills.place_unreadable", folder: "mine" },
    ]);
  });

  test("tells of what skills build on that is not there, and of circles", async () => {
    const folder = write(freshFolder(), {
      ".agents/skills/a/SKILL.md": skill("a", "dependencies: [b, pandas]\n"),
      ".agents/skills/b/SKILL.md": skill("b", "dependencies:\n  - name: a\n    kind: skill\n"),
      ".agents/skills/c/SKILL.md": skill(
        "c",
        "dependencies:\n  - {name: gone, kind: skill}\n  - {name: maybe, kind: skill, optional: true}\n",
      ),
    });
    expect((await data(folder, "list")).notices).toMatchObject([
      { code: "skills.dependency_missing", message: expect.stringContaining('"gone"') },
      { code: "skills.dependency_circle", message: expect.stringContaining("a → b → a") },
    ]);
  });
});

describe("agent33 skills validate", () => {
  const odd = {
    "s/good/SKILL.md": skill("good", "license: MIT\n"),
    "s/odd/SKILL.md":
      "---\nname: Odd Name\ndescription: Use this: now\nversion: 1\nallowed-tools: [Read]\n---\n[x](missing.md)\n",
  };

  test("holds skills to the specification, with place, code and what to do", async () => {
    const folder = write(freshFolder(), odd);
    const { code, stdout } = await agent33(folder, "validate", "s");
    expect(code).toBe(1);
    expect(stdout).toContain("s/odd/SKILL.md:3: error skills.front_matter_repaired:");
    expect(stdout).toContain("s/odd/SKILL.md:2: error skills.name_form:");
    expect(stdout).toContain("error skills.field_unknown: the specification has no version");
    expect(stdout).toContain("error skills.tool_list_form: allowed-tools is a list, not a text");
    expect(stdout).toContain("warning skills.file_missing: its text links to missing.md");
    expect(stdout).toContain("  → Put what is your own below metadata.");
    expect(stdout).toMatch(/^2 skills, 5 errors, 1 warning$/m);
    const good = await agent33(folder, "validate", "s/good");
    expect([good.code, good.stdout]).toEqual([0, "1 skill, 0 errors, 0 warnings\n"]);
  });

  test("tells leniently what a run would put up with, by kind", async () => {
    const folder = write(freshFolder(), odd);
    const { code } = await agent33(folder, "validate", "s", "--lenient");
    expect(code).toBe(0);
    const { kinds } = await data(folder, "validate", "s", "--lenient");
    expect(kinds).toEqual([
      { code: "skills.front_matter_repaired", count: 1 },
      { code: "skills.name_differs", count: 1 },
      { code: "skills.name_form", count: 1 },
    ]);
    write(folder, { "s/none/SKILL.md": "no front matter" });
    expect((await agent33(folder, "validate", "s", "--lenient")).code).toBe(1);
  });
});

describe("agent33 skills add and remove", () => {
  const archive = (text?: string) =>
    zipOf([
      { name: "pdf-forms/SKILL.md", content: skill("pdf-forms", "allowed-tools: Read\n", text) },
      { name: "pdf-forms/scripts/fill.sh", content: "ls", mode: 0o100755 },
    ]);
  const place = ".agent33/skills/pdf-forms";

  test("show what an archive holds, add it, and have the lock know it", async () => {
    const folder = write(freshFolder(), { "pdf.skill": archive() });
    const seen = await agent33(folder, "add", "pdf.skill", "--dry-run");
    expect(seen.stdout).toContain("pdf-forms  About pdf-forms.");
    expect(seen.stdout).toContain("2 files, of them 1 script");
    expect(seen.stdout).toContain("allows Read");
    expect(existsSync(join(folder, place))).toBe(false);

    const unasked = await agent33(folder, "add", "pdf.skill");
    expect([unasked.code, unasked.stderr]).toEqual([
      64,
      expect.stringContaining("skills.not_confirmed"),
    ]);
    expect(existsSync(join(folder, place))).toBe(false);

    expect((await agent33(folder, "add", "pdf.skill", "--yes")).code).toBe(0);
    expect(readFileSync(join(folder, place, "SKILL.md"), "utf8")).toContain("How to pdf-forms.");
    expect((await data(folder, "list")).items).toMatchObject([{ name: "pdf-forms", pin: "same" }]);
    expect(readFileSync(join(folder, "agent33.lock.yaml"), "utf8")).toContain("pdf-forms:");

    write(folder, { [`${place}/scripts/fill.sh`]: "rm -rf /" });
    expect((await agent33(folder, "list")).stdout).toContain("enabled, changed since added");
    await agent33(folder, "pin", "pdf-forms");
    expect((await data(folder, "list")).items).toMatchObject([{ pin: "same" }]);
  });

  test("replace only where that is said, and keep what was there", async () => {
    const folder = write(freshFolder(), { "a.zip": archive("One."), "b.zip": archive("Two.") });
    await agent33(folder, "add", "a.zip", "--yes");
    const refused = await agent33(folder, "add", "b.zip", "--yes");
    expect([refused.code, refused.stderr]).toEqual([64, expect.stringContaining("--replace")]);
    expect(readFileSync(join(folder, place, "SKILL.md"), "utf8")).toContain("One.");

    const { kept } = await data(folder, "add", "b.zip", "--yes", "--replace");
    expect(readFileSync(join(folder, place, "SKILL.md"), "utf8")).toContain("Two.");
    expect(readFileSync(join((kept as string[])[0] ?? "", "SKILL.md"), "utf8")).toContain("One.");

    const removed = (await data(folder, "remove", "pdf-forms")).kept as string;
    expect((await data(folder, "list")).items).toEqual([]);
    expect(readFileSync(join(folder, "agent33.lock.yaml"), "utf8")).not.toContain("pdf-forms");
    await agent33(folder, "add", removed, "--yes");
    expect(readFileSync(join(folder, place, "SKILL.md"), "utf8")).toContain("Two.");
  });

  test("takes the skills that are named from a folder of several", async () => {
    const folder = write(freshFolder(), {
      "lib/a/SKILL.md": skill("a"),
      "lib/b/SKILL.md": skill("b"),
      "lib/bad/SKILL.md": "---\nname: bad\n---\n",
    });
    const all = await agent33(folder, "add", "lib", "--yes");
    expect(all.stderr).toContain("bad cannot be added: it has no description.");
    const words = ["add", "lib", "--skill", "b", "--to", ".agents/skills", "--yes"];
    expect((await agent33(folder, ...words)).code).toBe(0);
    expect(readdirSync(join(folder, ".agents/skills"))).toEqual(["b"]);
  });

  test("leaves nothing behind of an archive that leads out of its folder", async () => {
    const evil = zipOf([
      { name: "pdf/SKILL.md", content: skill("pdf") },
      { name: "pdf/../../../evil.md", content: "x" },
    ]);
    const folder = write(freshFolder(), { "evil.zip": evil });
    const { code, stderr } = await agent33(folder, "add", "evil.zip", "--yes");
    expect([code, stderr]).toEqual([64, expect.stringContaining("leads out of the archive")]);
    expect(readdirSync(folder)).toEqual(["evil.zip"]);
  });
});
