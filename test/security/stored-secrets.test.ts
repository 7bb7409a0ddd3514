import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { main } from "../../src/cli/main.ts";
import { runInProcess, startCli } from "../support/cli.ts";
import { testEngine, testHost } from "../support/engine.ts";
import { temporaryFolder } from "../support/temporary.ts";

const key = { AGENT33_MASTER_KEY: Buffer.alloc(32, 3).toString("base64") };
const secret = "not-for-anybody-1";

/** The program with words on its standard input. */
const given = (words: readonly string[], cwd: string, input: string, env = key) =>
  startCli(["secrets", ...words], { cwd, env, input }).ended;

test("what is set on the command line is what settings refer to, and comes back with a backup", async () => {
  const folder = temporaryFolder("secrets");
  expect(await given(["set", "HOOK_SECRET"], folder, `${secret}\n`)).toMatchObject({ code: 0 });
  const shown = await runInProcess(["secrets", "list"], folder, key);
  expect(shown.stdout).toMatch(/HOOK_SECRET\s+1\s/);
  expect(shown.stdout).not.toContain(secret);

  const { engine } = testEngine({}, folder, key);
  expect(engine.conceal(`it is ${secret}`)).toBe("it is [secret:HOOK_SECRET]");
  await engine.close();

  expect((await runInProcess(["store", "backup"], folder, key)).code).toBe(0);
  const file = join(folder, ".agent33", "secrets.json");
  const sealed = readFileSync(file, "utf8");
  rmSync(file);
  expect((await runInProcess(["store", "restore"], folder, key)).code).toBe(0);
  expect(existsSync(file) && readFileSync(file, "utf8")).toBe(sealed);

  const rotated = await given(["rotate", "HOOK_SECRET"], folder, "not-for-anybody-2", key);
  expect(rotated).toMatchObject({ code: 0 });
  writeFileSync(join(folder, "next.key"), Buffer.alloc(32, 4).toString("hex"), { mode: 0o600 });
  const rekey = ["secrets", "rekey", "--new-key-file", "next.key"];
  expect((await runInProcess(rekey, folder, key)).stdout).toContain("1 secrets are sealed");
  const wrong = await runInProcess(["runs", "list"], folder, key);
  expect(wrong.code).toBe(64);
  expect(wrong.stderr).toContain("secrets.wrong_key");
});

test("a server of the settings gets a stored secret, and the environment comes before it", async () => {
  const folder = temporaryFolder("secrets");
  await given(["set", "HOOK_TOKEN"], folder, `${secret}-stored`);
  const settings = {
    connectors: {
      hook: {
        kind: "webhook",
        recipients: ["ann"],
        url: "https://hook.test",
        secretVariable: "HOOK_TOKEN",
      },
    },
  };
  for (const [env, problem] of [
    [key, /whsec_/],
    [{}, /HOOK_TOKEN/],
  ] as const) {
    const warned: string[] = [];
    const { engine } = testEngine({ ...settings }, folder, env, {
      warn: (text) => void warned.push(text),
    });
    onTestFinished(() => engine.close());
    expect(JSON.stringify(await engine.inventory.list())).toMatch(problem);
    expect(
      warned.some((text) => text.includes("secrets.no_key") || text.includes("master key")),
    ).toBe(!("AGENT33_MASTER_KEY" in env));
  }
});

test("a value is asked for where a person sits at the terminal, and never taken from the words", async () => {
  const folder = temporaryFolder("secrets");
  let asked = "";
  const code = await main(["secrets", "set", "BANK"], {
    host: testHost(folder, key),
    write: () => undefined,
    writeError: () => undefined,
    colours: false,
    columns: 100,
    program: "agent33",
    onInterrupt: () => () => undefined,
    prompts: {
      text: async () => undefined,
      choose: async () => undefined,
      confirm: async () => false,
      secret: async (message) => {
        asked = message;
        return secret;
      },
    },
  });
  expect([code, asked]).toEqual([0, "The value of BANK"]);
  const words = await runInProcess(["secrets", "set", "OTHER", secret], folder, key);
  expect(words.code).toBe(64);
});
