import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { grantTests } from "../../test/support/egress.ts";
import { openProcess } from "./process.fixture.ts";

grantTests("runs workflows in other processes", { spawn: true });

const program = fileURLToPath(new URL("./process.fixture.ts", import.meta.url));
let dataDir = "";
let ledger = "";
let children: ChildProcess[] = [];

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "agent33-processes-"));
  ledger = join(dataDir, "ledger");
  writeFileSync(ledger, "");
});

afterEach(async () => {
  for (const child of children) await kill(child);
  children = [];
  rmSync(dataDir, { recursive: true, force: true });
});

function start(leaseMs: number, mode: "hangs" | "ends"): ChildProcess {
  const child = spawn(process.execPath, [program, dataDir, ledger, "run", String(leaseMs), mode], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}

const bodies = (): readonly string[] => readFileSync(ledger, "utf8").split("\n").filter(Boolean);

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 500 && !condition(); tries += 1) await delay(20);
  expect(condition()).toBe(true);
}

test("a second process that executes a running run is told who drives it", async () => {
  const driver = start(15_000, "hangs");
  await until(() => bodies().length === 2);
  const second = start(15_000, "ends");
  let answer = "";
  second.stdout?.on("data", (data: Buffer) => (answer += data.toString()));
  await once(second, "close");
  const error = JSON.parse(answer) as { code: string; message: string; hint: string };
  expect(error.code).toBe("durable.run_active");
  expect(error.message).toContain(`process ${driver.pid}-`);
  expect(error.hint).toContain("try again");
  expect(bodies()).toEqual(["run/0", "run/1"]);
});

test("a run whose process is killed in the middle of a body is finished by another", async () => {
  const leaseMs = 600;
  const victim = start(leaseMs, "hangs");
  await until(() => bodies().length === 2);
  await kill(victim);
  const { store, durable } = openProcess({ dataDir, ledger, leaseMs, hangs: false });
  try {
    expect(durable.status("run")?.owner).toMatch(new RegExp(`^${victim.pid}-`));
    void durable.work();
    await until(() => durable.status("run")?.state === "completed");
    expect(durable.status("run")?.result).toEqual(["first done", "second done"]);
    // The recorded body did not run again; the one that was cut off did, with its key.
    expect(bodies()).toEqual(["run/0", "run/1", "run/1"]);
  } finally {
    await durable.close();
    store.close();
  }
});
