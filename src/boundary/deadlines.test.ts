import { execFile } from "node:child_process";
import { promisify } from "node:util";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { grantTests } from "../../test/support/egress.ts";
import { systemClock } from "../base/clock.ts";
import { Deadline, DeadlineList, Deadlines } from "./deadlines.ts";

class Noted extends Deadline {
  readonly #log: string[];
  readonly #name: string;

  constructor(log: string[], name: string) {
    super();
    this.#log = log;
    this.#name = name;
  }

  override expire(): void {
    this.#log.push(this.#name);
  }
}

describe("a list of deadlines", () => {
  test("expires what is left on it, in order, and nothing that was taken off", async () => {
    const log: string[] = [];
    const list = new DeadlineList(systemClock, 20);
    const [first, second, third] = ["a", "b", "c"].map((name) => new Noted(log, name));
    for (const entry of [first, second, third]) list.add(entry!, systemClock.monotonic());
    list.remove(second!);
    await vi.waitFor(() => expect(log).toEqual(["a", "c"]));
  });

  test("gives what comes later its whole time", async () => {
    const log: string[] = [];
    const list = new DeadlineList(systemClock, 60);
    list.add(new Noted(log, "early"), systemClock.monotonic());
    await systemClock.sleep(30);
    const began = systemClock.monotonic();
    list.add(new Noted(log, "late"), began);
    await vi.waitFor(() => expect(log).toEqual(["early", "late"]), { interval: 1 });
    expect(systemClock.monotonic() - began).toBeGreaterThanOrEqual(60);
  });

  test("goes on after it was empty", async () => {
    const log: string[] = [];
    const list = new DeadlineList(systemClock, 20);
    const gone = new Noted(log, "gone");
    list.add(gone, systemClock.monotonic());
    list.remove(gone);
    list.add(new Noted(log, "next"), systemClock.monotonic());
    await vi.waitFor(() => expect(log).toEqual(["next"]));
  });

  test("whatever is added and removed, exactly the rest expires", async () => {
    const removals = fc.array(fc.boolean(), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(removals, async (removed) => {
        const log: string[] = [];
        const list = new DeadlineList(systemClock, 1);
        const nowMs = systemClock.monotonic();
        const entries = removed.map((_, index) => new Noted(log, String(index)));
        for (const entry of entries) list.add(entry, nowMs);
        for (const [index, entry] of entries.entries()) if (removed[index]) list.remove(entry);
        const left = removed.flatMap((isGone, index) => (isGone ? [] : [String(index)]));
        await vi.waitFor(() => expect(log).toEqual(left), { interval: 1 });
      }),
      { numRuns: 30 },
    );
  });

  test("calls of one connector share it, and a time of one's own has none left over", () => {
    const deadlines = new Deadlines(systemClock);
    expect(deadlines.shared(50)).toBe(deadlines.shared(50));
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout");
    const before = timers().length;
    const single = deadlines.single(60_000);
    const entry = new Noted([], "x");
    single.add(entry, systemClock.monotonic());
    expect(timers()).toHaveLength(before + 1);
    single.remove(entry);
    expect(timers()).toHaveLength(before);
  });
});

describe("the process", () => {
  grantTests("starts a program that waits", { spawn: true });
  const program = (body: string): string => `
    const { Deadline, DeadlineList } = await import(${JSON.stringify(import.meta.resolve("./deadlines.ts"))});
    const { systemClock } = await import(${JSON.stringify(import.meta.resolve("../base/clock.ts"))});
    class Said extends Deadline { expire() { console.log("expired"); } }
    const entry = new Said();
    ${body}`;
  const run = async (body: string): Promise<string> => {
    const args = ["--input-type=module", "--eval", program(body)];
    return (await promisify(execFile)(process.execPath, args, { timeout: 20_000 })).stdout;
  };

  test("stays for a deadline that somebody waits for", async () => {
    const body = `new DeadlineList(systemClock, 50).add(entry, systemClock.monotonic());`;
    expect(await run(body)).toBe("expired\n");
  });

  test("stays for one that comes after the list was empty", async () => {
    const body = `const list = new DeadlineList(systemClock, 50);
      list.add(entry, systemClock.monotonic()); list.remove(entry);
      list.add(new Said(), systemClock.monotonic());`;
    expect(await run(body)).toBe("expired\n");
  });

  test("does not stay for a list that is empty", async () => {
    const body = `const list = new DeadlineList(systemClock, 3_600_000);
      list.add(entry, systemClock.monotonic()); list.remove(entry);`;
    expect(await run(body)).toBe("");
  });
});
