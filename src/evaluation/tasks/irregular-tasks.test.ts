import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { stringify as toToml } from "smol-toml";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { stringify as toYaml } from "yaml";
import { isAgent33Error } from "../../base/errors.ts";
import { discover } from "../../skills/load.ts";
import { loadTask } from "./load-task.ts";
import { readTaskConfig } from "./task-config.ts";
import { checkVerifierDocument, readTaskDocument } from "./task-document.ts";
import { type TaskFiles, writeTomlTask } from "./task.fixture.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "agent33-irregular-"));
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

describe("a published task with", () => {
  const kept = (key: string, instead: string) =>
    `task.toml: the key "${key}" is not kept: ${instead}`;
  const ready = "the environment counts as ready when it has started";
  const apart = "the tests run on what the agent left, when the agent is gone";

  // Each row: what, the file, the other files, a part of the task, the notices.
  const published: [string, string, TaskFiles, object, string[]][] = [
    [
      "variables straight in [solution]",
      '[solution]\nAPI_TOKEN = "${API_TOKEN}"\nPORT = 80\nenv = { PORT = "81" }',
      { "solution/solve.sh": "true" },
      { steps: [{ solution: { env: { API_TOKEN: "${API_TOKEN}", PORT: "81" } } }] },
      [],
    ],
    [
      "a [task] that names it otherwise",
      '[task]\nid = "x"\nname = "acme/other"\nversion = "1.0"\ndescription = "d"',
      {},
      { name: "odd", source: { task: { id: "x" } } },
      ['the task calls itself "acme/other"; here it goes by its folder\'s name'],
    ],
    ["a [task] of its own name", '[task]\nname = "acme/odd"', {}, { name: "odd" }, []],
    [
      "an image without a Dockerfile",
      '[environment]\nimage = "python:3.12"',
      { "environment/Dockerfile": undefined, "environment/data.csv": "1" },
      { environment: { dockerImage: "python:3.12", dockerfile: undefined } },
      [],
    ],
    [
      "a health check",
      '[environment.healthcheck]\ncommand = "true"',
      {},
      {},
      [kept("environment.healthcheck", ready)],
    ],
    [
      "a verifier that is to be apart",
      '[verifier]\nenvironment_mode = "separate"\n[verifier.environment]\ncpus = 1',
      {},
      {},
      [kept("verifier.environment_mode", apart), kept("verifier.environment", apart)],
    ],
    ["a verifier that is to share", '[verifier]\nenvironment_mode = "shared"', {}, {}, []],
    ["a GPU", "[environment]\ngpus = 1", {}, {}, [kept("environment.gpus", "no GPU is given")]],
    ["no GPU, in so many words", "[environment]\ngpus = 0", {}, {}, []],
    [
      "an agent that has less network than the environment",
      '[agent]\nnetwork_mode = "no-network"\n[environment]\nnetwork_mode = "public"',
      {},
      { environment: { network: "no-network" } },
      [],
    ],
    ["tests in the script alone", "", {}, { steps: [{ verifier: { timeoutMs: 600_000 } }] }, []],
    [
      "services beside its container",
      "",
      { "environment/docker-compose.yml": "services: {}\n" },
      { environment: { composeFile: expect.stringMatching(/docker-compose\.yml$/) } },
      [],
    ],
  ];
  test.each(published)("%s is read", async (_what, toml, files, part, notices) => {
    const loaded = await loadTask(
      await writeTomlTask(join(root, "odd"), { "task.toml": toml, ...files }),
    );
    expect(loaded).toMatchObject(part);
    expect(loaded.notices).toEqual(notices);
  });

  test("folders among its skills that are none is read, and so are the skills", async () => {
    const loaded = await loadTask(
      await writeTomlTask(join(root, "odd"), {
        "environment/skills/pdf/SKILL.md": "---\nname: other_name\ndescription: d\n---\nx\n",
        "environment/skills/licenses/MIT.txt": "x",
        "environment/skills/README.md": "x",
      }),
    );
    const { skills, notices } = await discover(loaded.skillsDir ?? "");
    expect(skills.map((skill) => skill.name)).toEqual(["other_name"]);
    expect(notices.map((notice) => notice.code).sort()).toEqual([
      "skills.name_differs",
      "skills.name_form",
      "skills.no_skill_file",
    ]);
  });
});

/** What reading gives, or that it was refused as it should be. */
function orRefused<T>(read: () => T): T | "refused" {
  try {
    return read();
  } catch (error) {
    if (!isAgent33Error(error)) throw error;
    expect(error.code).toMatch(/^evaluation\.(task_malformed|layout_unsupported)$/);
    expect(error.hint).toBeDefined();
    return "refused";
  }
}

/** Text that is often near to what the formats are. */
const nearlySettings = fc
  .array(
    fc.constantFrom(
      ..."---\n|[steps]|[[steps]]|[environment]|name = 'a'|memory = '4G'|steps:\n  - name: a".split(
        "|",
      ),
      ..."sandbox: {cpus: 1}|verifier: x/|agent: [|\n---\n|## prompt\n|&a|*a|: |timeout_sec = 1e9|\u0000".split(
        "|",
      ),
    ),
  )
  .map((parts) => parts.join("\n"));
const anyText = fc.oneof(fc.string(), fc.string({ unit: "binary" }), nearlySettings);

const anySettings = fc.record(
  {
    schema_version: fc.constantFrom("1.0", "1.3"),
    metadata: fc.record({ tags: fc.array(fc.constantFrom("a", "b")) }),
    agent: fc.record({ timeout_sec: fc.integer({ min: 1, max: 9_999 }) }),
    verifier: fc.record(
      {
        timeout_sec: fc.integer({ min: 1, max: 9_999 }),
        env: fc.dictionary(fc.constantFrom("A", "B"), fc.constantFrom("1", "${X:-y}", "a: b # c")),
      },
      { requiredKeys: [] },
    ),
    environment: fc.record(
      {
        cpus: fc.integer({ min: 1, max: 64 }),
        memory: fc.constantFrom("4G", "512M"),
        network_mode: fc.constantFrom("public", "no-network"),
        workdir: fc.constant("/app"),
        gpus: fc.constantFrom(0, 1),
      },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: [] },
);

describe("the readers of settings", () => {
  test("give settings or a refusal of their own, whatever the text", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        orRefused(() => readTaskConfig(text, "/t/task.toml"));
        orRefused(() => readTaskDocument(text, "/t/task.md"));
        orRefused(() => readTaskDocument(`---\n${text}\n---\nDo it.`, "/t/task.md"));
        orRefused(() => checkVerifierDocument(`---\n${text}\n---\n`, "/t/verifier/verifier.md"));
      }),
      { numRuns: 200 },
    );
  });

  test("understand the same in both layouts", () => {
    fc.assert(
      fc.property(anySettings, (settings) => {
        const { environment, ...others } = settings;
        const renamed = environment === undefined ? others : { ...others, sandbox: environment };
        const toml = readTaskConfig(toToml(settings), "/t/task.toml");
        const text = `---\n${toYaml(renamed)}---\nDo it.`;
        const { config, instruction } = readTaskDocument(text, "/t/task.md");
        expect(instruction).toBe("Do it.");
        expect({ ...config.file, environment: config.file.environment ?? {} }).toEqual({
          ...toml.file,
          environment: toml.file.environment ?? {},
        });
        expect(config.memoryMb).toBe(toml.memoryMb);
        const inTomlWords = config.notices.map((notice) =>
          notice.replace("task.md", "task.toml").replace('"sandbox', '"environment'),
        );
        expect(inTomlWords).toEqual(toml.notices);
      }),
    );
  });
});
