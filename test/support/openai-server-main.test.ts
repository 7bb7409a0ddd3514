import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { grantTests, loopback } from "./egress.ts";
import type { Message } from "../../src/base/message.ts";
import { createModel } from "../../src/models/providers.ts";

grantTests("starts the server and calls it", { spawn: true, connect: loopback });

const main = fileURLToPath(new URL("openai-server-main.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "openai-server-"));
const script = join(folder, "turns.yaml");
writeFileSync(
  script,
  "name: demo\nturns:\n  - tool_calls:\n      - { name: read, arguments: { path: x } }\n  - text: Done.\n",
);
afterAll(() => rmSync(folder, { recursive: true }));

const io = { fetch, signal: new AbortController().signal, idempotencyKey: "k" };

describe("the server as a program", () => {
  test("prints the model to use, fails once as told, then answers turn by turn", async () => {
    const child = spawn(process.execPath, [main, script, "--faults", "500"], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    const exited = once(child, "exit");
    try {
      const [spec] = (await once(createInterface(child.stdout), "line")) as [string];
      const model = await createModel({ spec });
      const ask = async (...history: readonly Message[]) => {
        const messages: readonly Message[] = [{ role: "user", text: "Go." }, ...history];
        const request = { system: "", messages, tools: [], maxOutputTokens: 9 };
        return (await Array.fromAsync(model.stream(request, io))).at(-1);
      };
      await expect(ask()).rejects.toMatchObject({ statusCode: 500 });
      expect(await ask()).toMatchObject({
        turn: {
          parts: [{ toolCallId: "call_1_1", toolName: "read", argumentsText: '{"path":"x"}' }],
          usage: { estimated: false },
        },
      });
      const said: Message = { role: "assistant", parts: [{ type: "text", text: "…" }] };
      expect(await ask(said)).toMatchObject({ turn: { parts: [{ type: "text", text: "Done." }] } });
    } finally {
      child.kill();
      expect(await exited).toEqual([0, null]);
    }
  });

  test("an unknown fault is a usage error", async () => {
    const child = spawn(process.execPath, [main, script, "--faults", "flood"], { stdio: "ignore" });
    expect(await once(child, "exit")).toEqual([64, null]);
  });
});
