import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { runInProcess } from "../support/cli.ts";
import { eventsOf, testEngine } from "../support/engine.ts";
import { temporaryFolder } from "../support/temporary.ts";

const secret = "not-for-anybody-1";

test("a secret that somebody wrote into a definition or a workspace is not kept with the run", async () => {
  const folder = temporaryFolder("secrets");
  mkdirSync(join(folder, "work"));
  writeFileSync(join(folder, "work", "open.txt"), "anything");
  writeFileSync(join(folder, "work", "hidden.txt"), Buffer.from(secret).toString("base64"));
  writeFileSync(
    join(folder, "clerk.json"),
    JSON.stringify({ name: "clerk", version: "1.0.0", role: "x", instructions: `Use ${secret}.` }),
  );
  const { engine, run } = testEngine({}, folder, { DEPLOY_PASSWORD: secret });
  onTestFinished(() => engine.close());
  const { runId, events } = await run([{ text: "Done." }], {
    agent: "clerk.json",
    task: { kind: "text", text: "Do it.", workspace: join(folder, "work") },
  });
  expect(JSON.stringify(engine.store.runs.find(runId).spec)).not.toContain(secret);
  const [started] = eventsOf(events, "run.started");
  expect(started?.notices).toEqual(
    expect.arrayContaining([
      "Not kept for replays, because secrets stand in them: hidden.txt.",
      expect.stringMatching(/^A secret stands in the definition of clerk@1.0.0/),
    ]),
  );
  const kept = readdirSync(join(engine.dataDir, "kept"), { recursive: true, withFileTypes: true });
  expect(kept.filter((entry) => entry.isFile())).toHaveLength(1);
});

test("a command that fails does not repeat a secret of the environment that it was given", async () => {
  const folder = temporaryFolder("secrets");
  const words = ["run", "x", "--model", secret];
  const { code, stderr } = await runInProcess(words, folder, { DEPLOY_PASSWORD: secret });
  expect(code).toBe(64);
  expect(stderr).toContain("[secret:DEPLOY_PASSWORD]");
  expect(stderr).not.toContain(secret);
});
