import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runInProcess } from "../../test/support/cli.ts";
import { grantTests } from "../../test/support/egress.ts";
import { releaseFiles, scratchRepository } from "../../test/support/scratch-repository.ts";
import { readPacket } from "./packet.ts";

grantTests("runs git and a small program", { spawn: true });

const pack = (name: string, rules: string, fallback = "ask"): string =>
  `pack: ${name}\nversion: 1\ndescription: d\ndefault: ${fallback}\nrules: [${rules}]\n`;
const rule = (words: string, id = "r"): string => `{id: ${id}, reason: because, ${words}}`;
const settings = (more = ""): string => `policy: { packs: [mine], files: [rules] ${more} }\n`;

/** A packet of what one commit does to another one's files. */
async function packetOf(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string | undefined>>,
) {
  const { folder, git, commit } = scratchRepository();
  commit("Before", { ...releaseFiles(["a"]), ...before });
  git("checkout", "-q", "-b", "change");
  const gone = Object.keys(after).filter((path) => after[path] === undefined);
  if (gone.length > 0) git("rm", "-q", ...gone);
  const written = Object.entries(after).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  commit("After", Object.fromEntries(written));
  const { stdout, stderr } = await runInProcess(["release", "packet", "create", "--json"], folder);
  expect(stderr).toBe("");
  const { file } = JSON.parse(stdout) as { file: string };
  const { body } = readPacket(file);
  const risk = (name: string) => body.risk.findings.find((finding) => finding.rule === name);
  return { folder, file, body, risk, text: readFileSync(file.replace(/json$/, "md"), "utf8") };
}

test("a pack that settings select is compared rule by rule, and the risk says which way it goes", async () => {
  const { body, risk, text } = await packetOf(
    {
      "agent33.config.yaml": settings(),
      "rules/mine.yaml": pack("mine", rule("deny: {tool: rm}")),
    },
    { "rules/mine.yaml": pack("mine", rule("allow: {tool: ls}", "ls")) },
  );
  expect(body.changes.policy).toMatchObject({
    direction: "loosened",
    unread: [],
    policies: [
      {
        subject: "agent33.config.yaml, for everybody",
        direction: "loosened",
        rules: [
          { rule: "mine/r", direction: "loosened", before: { effect: "deny" }, after: null },
          { rule: "mine/ls", direction: "loosened", before: null, after: { effect: "allow" } },
        ],
      },
      { subject: "rules/mine.yaml", direction: "loosened" },
    ],
  });
  expect(risk("policy")).toMatchObject({ level: "high", why: "loosened: more is allowed" });
  expect(text).toContain("## Policy: loosened");
  expect(text).toContain(String.raw`- removed mine/r: deny {"tool":\["rm"\]} (because), loosened`);
});

test("the same packet is made again when it is verified, and other words in it are seen", async () => {
  const { folder, file } = await packetOf(
    { "agent33.config.yaml": settings(), "rules/mine.yaml": pack("mine", "") },
    {
      "rules/mine.yaml": pack("mine", "", "deny"),
      "package.json": '{"dependencies":{"a":"1.0.0"}}',
    },
  );
  const verify = ["release", "packet", "verify", "--no-rerun", "--json"];
  const { stdout } = await runInProcess([...verify, file], folder);
  expect((JSON.parse(stdout) as { problems: string[] }).problems.join()).not.toContain(
    "git and the rules",
  );
});

test("parts of settings are compared by themselves, and other settings by their names alone", async () => {
  const { body, risk, text } = await packetOf(
    { "agent33.config.yaml": "limits: { maxSteps: 3 }\n" },
    {
      "agent33.config.yaml":
        "limits: { maxSteps: 9 }\npolicy: { tenants: { guests: { packs: [strict-web] } } }\n",
    },
  );
  expect(body.changes.policy).toMatchObject({
    direction: "tightened",
    policies: [{ subject: "agent33.config.yaml, for the tenant guests", direction: "tightened" }],
    settings: [{ path: "agent33.config.yaml", names: ["limits.maxSteps"] }],
  });
  expect(risk("policy")).toMatchObject({
    level: "medium",
    why: "tightened: less is allowed; packs or parts come or go; other settings change",
  });
  expect(text).toContain("agent33.config.yaml changes limits.maxSteps");
});

test("what cannot be read at one side is said, with its side and reason", async () => {
  const { body, risk, text } = await packetOf(
    {
      "agent33.config.yaml": settings(),
      "rules/mine.yaml": pack("mine", ""),
      "policies/network.yaml": "kind: NetworkPolicy\n",
    },
    {
      "rules/mine.yaml": "pack: mine\n",
      "policies/network.yaml": "kind: Other\n",
      "policies/x.rego": "allow\n",
    },
  );
  const told = body.changes.policy?.unread.map(({ path, side }) => `${path} ${side}`);
  expect(told).toEqual([
    "agent33.config.yaml head",
    "policies/network.yaml base",
    "policies/network.yaml head",
    "rules/mine.yaml head",
    "policies/x.rego head",
  ]);
  expect(risk("policy")).toMatchObject({ level: "high" });
  expect(text).toContain("Not compared: rules/mine.yaml at the head: rules/mine.yaml:1:1");
});

test("a new pack, one that is gone and one with another reason loosen nothing by themselves", async () => {
  const { body, risk } = await packetOf(
    {
      "packs/gone.yaml": pack("gone", rule("deny: {tool: rm}")),
      "packs/said.yaml": pack("said", rule("deny: {tool: rm}")),
    },
    {
      "packs/gone.yaml": undefined,
      "packs/new.yaml": pack("new", rule("allow: {tool: ls}")),
      "packs/said.yaml": pack("said", rule("deny: {tool: rm}").replace("because", "for safety")),
    },
  );
  expect(body.changes.policy?.policies.map(({ subject, note }) => [subject, note])).toEqual([
    ["packs/gone.yaml", "the pack is gone: settings that select it do not start"],
    ["packs/new.yaml", "a new pack: it decides nothing until settings select it"],
    ["packs/said.yaml", ""],
  ]);
  expect(body.changes.policy?.direction).toBe("same");
  expect(risk("policy")?.level).toBe("medium");
});

test("settings that name packs outside of the repository, or twice, are said and not guessed", async () => {
  const { body } = await packetOf(
    {},
    {
      "a/agent33.config.yaml": "policy: { files: [../../packs] }\n",
      "b/agent33.config.yaml": "policy: { files: [one.yaml, two.yaml] }\n",
      "b/one.yaml": pack("same", ""),
      "b/two.yaml": pack("same", ""),
      "c/agent33.config.yaml": "policy: { packs: [nobody] }\n",
      "d/agent33.config.yaml": "policy: { pakcs: [default] }\n",
    },
  );
  const why = new Map(body.changes.policy?.unread.map((one) => [one.path, one.why]));
  expect(why.get("a/agent33.config.yaml")).toContain("not in the repository");
  expect(why.get("b/agent33.config.yaml")).toContain("already defined");
  expect(why.get("c/agent33.config.yaml")).toContain("nobody");
  expect(why.get("d/agent33.config.yaml")).toContain("pakcs");
});

test("dependencies and schemas are named with what changed, and files for keys are critical", async () => {
  const { body, risk, text } = await packetOf(
    {
      "package.json": '{"dependencies":{"a":"^1.0.0","b":"1.0.0"}}',
      "form.schema.json": '{"type":"object"}',
    },
    {
      "package.json": '{"dependencies":{"a":"^2.0.0","c":"1.0.0"}}',
      "form.schema.json": '{"type":"object","required":["x"]}',
      "migrations/001.sql": "CREATE TABLE t (a TEXT)",
      "deploy/server.pem": "x",
    },
  );
  expect(risk("dependencies")).toMatchObject({
    level: "medium",
    why: "1 added, 1 removed, 1 changed; major: a",
  });
  expect(risk("schema")).toMatchObject({
    level: "high",
    why: "breaks what relies on it: form.schema.json",
  });
  expect(risk("secrets")).toMatchObject({ level: "critical", paths: ["deploy/server.pem"] });
  expect(body.risk.level).toBe("critical");
  expect(text).toContain("| a | package.json dependencies | ^1.0.0 | ^2.0.0 | yes |");
  expect(text).toContain("| form.schema.json | json-schema | yes | x is required now |");
  expect(text).toContain("| migrations/001.sql | migration | no |");
});

test("settings that git lists and cannot read make no packet, and never one without a policy", async () => {
  const { folder, git, commit } = scratchRepository();
  commit("Before", {
    ...releaseFiles(["a"]),
    "agent33.config.yaml": settings(),
    "rules/mine.yaml": pack("mine", "", "deny"),
  });
  git("checkout", "-q", "-b", "change");
  commit("After", { "rules/mine.yaml": pack("mine", "", "allow") });
  // As in a partial clone without its server: the file is the same at both sides, and not here.
  const blob = git("rev-parse", "HEAD:agent33.config.yaml").trim();
  rmSync(join(folder, ".git/objects", blob.slice(0, 2), blob.slice(2)));
  const made = await runInProcess(["release", "packet", "create"], folder);
  expect(made).toMatchObject({ code: 1, stderr: expect.stringContaining("release.git_failed") });
  expect(existsSync(join(folder, ".git/agent33/packets"))).toBe(false);
});

test("a submodule where a policy could be is said, and not read", async () => {
  const { folder, git, commit } = scratchRepository();
  const head = commit("Before", releaseFiles(["a"]));
  git("checkout", "-q", "-b", "change");
  git("update-index", "--add", "--cacheinfo", `160000,${head},packs/theirs`);
  git("commit", "-q", "-m", "After");
  const { stdout } = await runInProcess(["release", "packet", "create", "--json"], folder);
  const { body } = readPacket((JSON.parse(stdout) as { file: string }).file);
  expect(body.changes.policy?.unread).toMatchObject([{ path: "packs/theirs" }]);
});
