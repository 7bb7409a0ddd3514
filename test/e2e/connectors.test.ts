import { describe, expect, test } from "vitest";
import { freshFolder, runInProcess } from "../support/cli.ts";

describe("agent33 connectors breakers", () => {
  const at = (...words: string[]) =>
    runInProcess(["connectors", "breakers", ...words], freshFolder());

  test("says that there are none before any has opened", async () => {
    const { code, stdout } = await at();
    expect({ code, stdout }).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("No breaker"),
    });
  });

  test("says what it forces, until when, and that nobody has seen that key", async () => {
    const words = ["open", "http:x|a.example:443|read", "--for", "10m", "--reason", "moving"];
    const { code, stdout } = await at(...words, "--json");
    const said = JSON.parse(stdout) as { state: string; until: number; known: boolean };
    expect(code).toBe(0);
    expect(said).toMatchObject({ state: "open", known: false });
    expect(said.until).toBeGreaterThan(Date.now() + 590_000);
  });

  test("does not say that a breaker is closed which nobody knows, nor makes one", async () => {
    const folder = freshFolder();
    const own = (...words: string[]) => runInProcess(["connectors", "breakers", ...words], folder);
    const key = "http:x|a.example:443|read";
    await own("open", key, "--reason", "moving");
    const { code, stderr } = await own("reset", "http:x|a.example:443|raed");
    expect({ code, stderr }).toMatchObject({
      code: 64,
      stderr: expect.stringContaining(`Did you mean "${key}"?`),
    });
    const { stdout } = await own("list", "--json");
    expect(JSON.parse(stdout)).toMatchObject({ items: [{ key }] });
    expect((await own("reset", key)).stdout).toContain(`${key} is closed.`);
  });

  test.each([
    [["open", "k", "--for", "10 minutes", "--reason", "r"], "--for takes a time"],
    [["open", "k"], "--reason"],
  ])("refuses %j", async (words, message) => {
    const { code, stderr } = await at(...words);
    expect({ code, stderr }).toMatchObject({ code: 64, stderr: expect.stringContaining(message) });
  });
});
