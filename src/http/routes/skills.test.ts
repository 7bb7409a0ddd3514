import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { testApi } from "../../../test/support/api.ts";
import { zipOf } from "../../../test/support/zip.ts";
import { temporaryFolder } from "../../../test/support/temporary.ts";

const text = (name: string, more = "") =>
  `---\nname: ${name}\ndescription: Fills in forms of the tax office.\n---\nLook first.${more}\n`;

const archiveOf = (...files: readonly (readonly [string, string])[]) =>
  zipOf(files.map(([name, content]) => ({ name, content }))).toString("base64");

async function apiWithSkills() {
  const folder = temporaryFolder("api-skills");
  for (const name of ["forms", "secret-two"]) {
    mkdirSync(join(folder, "skills", name), { recursive: true });
    writeFileSync(join(folder, "skills", name, "SKILL.md"), text(name));
  }
  const skills = {
    "skills.folders": ["skills"],
    "skills.tenants": { "secret-*": ["two"] },
  };
  return testApi(skills, { folder });
}

test("skills are listed and shown without their folders; those of others only to their own", async () => {
  const api = await apiWithSkills();
  const { body, text: all } = await api.ask("GET", "/v1/skills");
  expect(body).toMatchObject({
    items: [{ name: "forms" }, { name: "secret-two", status: "hidden" }],
  });
  expect(all).not.toContain(api.folder);
  const third = await api.ask("GET", "/v1/skills", { as: "three/admin" });
  expect(third.text).not.toContain("secret-two");
  for (const name of ["secret-two", "secret-to"]) {
    const refused = await api.ask("GET", `/v1/skills/${name}`, { as: "three/admin" });
    expect(refused.status).toBe(404);
    // A hint suggests names that are near, and must not suggest this one.
    expect(refused.text.replaceAll(`\\"${name}\\"`, "")).not.toContain("secret-two");
  }
  expect((await api.ask("GET", "/v1/skills/secret-two", { as: "two/admin" })).status).toBe(200);
  expect((await api.ask("GET", "/v1/skills/forms")).body).toMatchObject({ body: "Look first." });
});

test("an archive is looked at, added with its place, pinned, matched and taken away again", async () => {
  const api = await apiWithSkills();
  const archive = archiveOf(["letters/SKILL.md", text("letters")]);
  expect((await api.ask("POST", "/v1/skills/validate", { body: { archive } })).body).toMatchObject({
    ok: true,
    checked: 1,
  });
  expect((await api.ask("POST", "/v1/skills/preview", { body: { archive } })).body).toMatchObject({
    added: false,
    items: [{ name: "letters", replaces: false }],
  });
  expect(existsSync(join(api.folder, "skills", "letters"))).toBe(false);
  const added = await api.ask("POST", "/v1/skills", { body: { archive } });
  expect(added).toMatchObject({ status: 201, body: { added: true, items: [{ name: "letters" }] } });
  expect(added.headers.get("location")).toBe("/v1/skills/letters");
  expect(existsSync(join(api.folder, "skills", "letters", "SKILL.md"))).toBe(true);
  expect(readFileSync(join(api.folder, "agent33.lock.yaml"), "utf8")).toContain("api:skills.zip");
  expect(await api.ask("POST", "/v1/skills", { body: { archive } })).toMatchObject({
    status: 409,
    body: { code: "skills.exists" },
  });
  const again = await api.ask("POST", "/v1/skills", { body: { archive, replace: true } });
  expect(again).toMatchObject({ status: 201, body: { kept: 1 } });

  writeFileSync(join(api.folder, "skills", "letters", "SKILL.md"), text("letters", " Then act."));
  expect((await api.ask("GET", "/v1/skills/letters")).body).toMatchObject({ pin: "changed" });
  const pinned = await api.ask("POST", "/v1/skills/pin", { body: { names: ["letters"] } });
  expect(pinned.body).toMatchObject({ items: [{ name: "letters", pin: "same" }] });
  expect((await api.ask("GET", "/v1/skills/letters")).body).toMatchObject({ pin: "same" });

  const body = { task: "fill in the form of the tax office", model: null };
  expect((await api.ask("POST", "/v1/skills/match", { body })).body).toMatchObject({
    checked: false,
    searched: 2,
  });
  expect((await api.ask("DELETE", "/v1/skills/letters")).body).toEqual({
    name: "letters",
    isKept: true,
  });
  expect((await api.ask("DELETE", "/v1/skills/letters")).status).toBe(404);
  const { items } = (await api.ask("GET", "/v1/audit?connector=api")).body as {
    items: { operation: string }[];
  };
  expect(items.map(({ operation }) => operation)).toContain("DELETE /v1/skills/{name}");
});

test.each([
  ["a path out of its folder", archiveOf(["../evil/SKILL.md", text("evil")])],
  ["no skill", archiveOf(["notes.txt", "x"])],
  ["nothing that is an archive", Buffer.from("hello, this is text").toString("base64")],
  ["a skill without a name", archiveOf(["x/SKILL.md", "no front matter"])],
])("an archive with %s is refused with the reason", async (_, archive) => {
  const api = await apiWithSkills();
  const refused = await api.ask("POST", "/v1/skills", { body: { archive } });
  expect(refused.status).toBe(422);
  expect(refused.body).toMatchObject({ code: expect.stringMatching(/^skills\./) });
  expect(refused.text).not.toMatch(/tmp\/|agent33-(?:given|skills)-/);
});

test("what all tenants share is changed by the tenant of the installation alone", async () => {
  const api = await apiWithSkills();
  const as = "two/admin";
  const archive = archiveOf(["letters/SKILL.md", text("letters")]);
  const answers = [
    await api.ask("POST", "/v1/skills", { as, body: { archive } }),
    await api.ask("POST", "/v1/skills/pin", { as, body: {} }),
    await api.ask("DELETE", "/v1/skills/forms", { as }),
    await api.ask("GET", "/v1/skills/faults", { as }),
  ];
  for (const { status, body } of answers) {
    expect({ status, body }).toMatchObject({
      status: 403,
      body: { code: "api.installation_only" },
    });
  }
  expect(existsSync(join(api.folder, "skills", "forms"))).toBe(true);
  for (const fileName of ["../x.zip", "a/b.zip", ""]) {
    const body = { archive, fileName };
    expect((await api.ask("POST", "/v1/skills", { body })).status).toBe(400);
  }
});

test("a task of nothing but blanks is not matched, and that is no fault of the server", async () => {
  const own = await testApi();
  const body = { task: " ", model: null };
  expect(await own.ask("POST", "/v1/skills/match", { body })).toMatchObject({
    status: 422,
    body: { code: "engine.invalid_match" },
  });
});
