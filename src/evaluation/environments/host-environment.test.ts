import { chmod, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { prepareHostWorkspace } from "./host-environment.ts";
import { loadTask } from "../tasks/load-task.ts";
import type { Task } from "../tasks/task.ts";
import { snapshotFolder } from "../workspaces/workspace-changes.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "agent33-host-"));
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
}

async function taskWith(
  dockerfile: string | undefined,
  files: Record<string, string> = {},
): Promise<Task> {
  await write({
    "task/task.toml": "",
    "task/instruction.md": "x",
    "task/tests/test.sh": "",
    "task/environment/data/a.csv": "a",
    "task/environment/data/sub/b.csv": "b",
    "task/environment/run.sh": "#!/bin/sh\n",
    "task/environment/skills/s/SKILL.md": "---\nname: s\n---\n",
    ...(dockerfile === undefined ? {} : { "task/environment/Dockerfile": dockerfile }),
    ...files,
  });
  return loadTask(join(root, "task"));
}

const workspace = () => join(root, "workspace");
const paths = async () => [...(await snapshotFolder(workspace())).keys()];

describe("a workspace on the host", () => {
  test("gets what the Dockerfile copies into its WORKDIR, and tells what it did not do", async () => {
    const task = await taskWith(
      [
        "FROM node:24-slim",
        "RUN npm install -g tool",
        "WORKDIR /app",
        "ENV MODE=test",
        "COPY data/ /app/data/",
        "COPY run.sh bin/",
        "COPY run.sh /usr/local/bin/run",
        "COPY skills /root/.claude/skills",
      ].join("\n"),
    );
    const made = await prepareHostWorkspace(task, workspace());
    expect(await paths()).toEqual(["bin/run.sh", "data/a.csv", "data/sub/b.csv"]);
    expect(made).toEqual({
      dir: workspace(),
      workdir: "/app",
      env: { MODE: "test" },
      notices: [
        'Dockerfile: runs on this machine, not in the image "node:24-slim"',
        "Dockerfile, line 2: RUN npm install -g tool is not carried out",
        "Dockerfile, line 7: COPY to /usr/local/bin/run lies outside /app and is left out",
        "Dockerfile, line 8: COPY to /root/.claude/skills lies outside /app and is left out",
      ],
    });
  });

  // Each row: what, the Dockerfile, the files of the workspace.
  const layouts: [string, string, string[]][] = [
    ["a file under a new name", "WORKDIR /w\nCOPY run.sh go", ["go"]],
    [
      "a file into a folder that an earlier copy made",
      "WORKDIR /w\nCOPY data d\nCOPY run.sh d",
      ["d/a.csv", "d/run.sh", "d/sub/b.csv"],
    ],
    ["the content of a folder, not the folder", "WORKDIR /w\nCOPY data .", ["a.csv", "sub/b.csv"]],
    ["files and folders together", "WORKDIR /w\nCOPY run.sh data/sub x/", ["x/b.csv", "x/run.sh"]],
    [
      "a WORKDIR set after the copies",
      "COPY data /w/data\nWORKDIR /w",
      ["data/a.csv", "data/sub/b.csv"],
    ],
    [
      "only what is below the last WORKDIR",
      "WORKDIR /w\nCOPY run.sh .\nWORKDIR /w/in\nCOPY data/a.csv .",
      ["a.csv"],
    ],
    ["a leading slash as the folder of the task", "WORKDIR /w\nCOPY /data/a.csv .", ["a.csv"]],
    [
      "everything but the skills",
      "WORKDIR /w\nCOPY . .",
      ["Dockerfile", "data/a.csv", "data/sub/b.csv", "run.sh"],
    ],
    ["no WORKDIR as the image's root", "COPY run.sh /root/", ["root/run.sh"]],
    [
      "skills named in the WORKDIR as the engine's",
      "WORKDIR /root\nCOPY skills /root/.claude/skills",
      [],
    ],
  ];
  test.each(layouts)("understands %s", async (_what, lines, expected) => {
    await prepareHostWorkspace(await taskWith(`FROM x\n${lines}`), workspace());
    expect(await paths()).toEqual(expected);
  });

  test("gets the files of environment/ but the skills where there is no Dockerfile", async () => {
    const task = await taskWith(undefined, {
      "task/task.toml": '[environment]\ndocker_image = "i"',
    });
    const made = await prepareHostWorkspace(task, workspace());
    expect(await paths()).toEqual(["data/a.csv", "data/sub/b.csv", "run.sh"]);
    expect(made.notices).toEqual(['runs on this machine, not in the image "i"']);
  });

  test("keeps permissions, or takes those that COPY gives", async () => {
    const task = await taskWith("FROM x\nWORKDIR /w\nCOPY run.sh a\nCOPY --chmod=700 run.sh b");
    await chmod(join(task.environment.dir, "run.sh"), 0o755);
    await prepareHostWorkspace(task, workspace());
    const mode = async (name: string) => (await stat(join(workspace(), name))).mode & 0o777;
    expect([await mode("a"), await mode("b")]).toEqual([0o755, 0o700]);
  });

  test("says that services of a compose file are not started", async () => {
    const task = await taskWith("FROM x\nWORKDIR /w", {
      "task/environment/docker-compose.yaml": "services: {}",
    });
    const { notices } = await prepareHostWorkspace(task, workspace());
    expect(notices[0]).toBe("environment/docker-compose.yaml: its services are not started");
  });

  test("takes a link to a file of the task as that file", async () => {
    const task = await taskWith("FROM x\nWORKDIR /w\nCOPY data .");
    await symlink("../run.sh", join(task.environment.dir, "data", "link"));
    await prepareHostWorkspace(task, workspace());
    expect(await readFile(join(workspace(), "link"), "utf8")).toBe("#!/bin/sh\n");
    expect((await stat(join(workspace(), "link"))).isFile()).toBe(true);
  });

  const escapes: [string, string, string | undefined][] = [
    ["a source above the task", "COPY ../instruction.md .", undefined],
    ["a source that climbs later", "COPY data/../../task.toml .", undefined],
    ["a link to a file outside", "COPY data .", "/etc/hostname"],
    ["a link to a folder outside", "COPY data/link .", "/etc"],
    ["a link that leads nowhere", "COPY data .", "none"],
    ["a link in a circle", "COPY data .", "link"],
  ];
  test.each(escapes)("refuses %s", async (_what, line, link) => {
    const task = await taskWith(`FROM x\nWORKDIR /w\n${line}`);
    if (link !== undefined) await symlink(link, join(task.environment.dir, "data", "link"));
    await expect(prepareHostWorkspace(task, workspace())).rejects.toMatchObject({
      code: "evaluation.path_escape",
    });
  });

  test("refuses a link to a folder, which could form a circle", async () => {
    const task = await taskWith("FROM x\nWORKDIR /w\nCOPY data .");
    await symlink("..", join(task.environment.dir, "data", "up"));
    await expect(prepareHostWorkspace(task, workspace())).rejects.toMatchObject({
      code: "evaluation.copy_unsupported",
    });
  });

  test("refuses a folder that is not empty and a source that is not there", async () => {
    const task = await taskWith("FROM x\nWORKDIR /w\nCOPY none .");
    await expect(prepareHostWorkspace(task, workspace())).rejects.toMatchObject({
      code: "evaluation.source_missing",
      message: expect.stringContaining("line 3"),
    });
    await write({ "workspace/left.txt": "x" });
    await expect(prepareHostWorkspace(task, workspace())).rejects.toMatchObject({
      code: "evaluation.workspace_not_empty",
    });
  });
});
