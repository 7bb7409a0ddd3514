import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { grantTests } from "../../test/support/egress.ts";
import { escapeProbes } from "./escape-probes.cases.ts";
import { type EscapeWorld, escapeWorld } from "./escape-world.fixture.ts";
import {
  makeWorkspace,
  noPerl,
  processes,
  realBubblewrap,
  realGvisor,
  titleUnless,
} from "./sandbox.fixture.ts";

grantTests("tries on the host what must fail inside", { spawn: true });

const canary = "canary-b61f";
const perlProgram = "perl";
const drivers = [await realBubblewrap(), await realGvisor()];
let world: EscapeWorld;
beforeAll(async () => {
  process.env["AGENT33_TEST_CANARY"] = canary;
  world = await escapeWorld(canary);
});
afterAll(() => {
  delete process.env["AGENT33_TEST_CANARY"];
  world.close();
  expect(processes.live()).toEqual([]);
});

const cannotTry = noPerl || (process.arch !== "x64" && "the probes are for x64");
const canTry = cannotTry === false;
describe.each(drivers)(titleUnless("$title", cannotTry), ({ sandbox, probed }) => {
  test.skipIf(!probed.available || !canTry).each(escapeProbes)("holds: $name", async (probe) => {
    expect(await world.tryProbe(sandbox, probe)).toBeUndefined();
  });
});

test("there are enough probes, and each is another", () => {
  expect(new Set(escapeProbes.map(({ name }) => name)).size).toBe(escapeProbes.length);
  expect(escapeProbes.length).toBeGreaterThan(30);
});

test
  .skipIf(!canTry)
  .each([
    "read a file beside the workspace",
    "read it through links in the workspace, hard and symbolic",
    "read the engine's environment",
    "make a program that lends its owner's rights, by changing a mode",
    "make such a program in one step",
    "signal a process of the host",
    "connect to the host's loopback",
    "connect to a socket of the host in the abstract namespace",
    "open netlink, raw packet, crypto and other rare sockets",
  ])(
  titleUnless("without a sandbox the probe gets out, so that it can fail: %s", cannotTry),
  (name) => {
    const probe = escapeProbes.find((one) => one.name === name);
    if (probe === undefined) throw new Error(`There is no probe ${name}.`);
    const workspace = makeWorkspace();
    writeFileSync(join(workspace, "probe.pl"), world.programFor(probe));
    const { stdout } = spawnSync(perlProgram, ["probe.pl"], {
      cwd: workspace,
      encoding: "utf8",
      timeout: 10_000,
    });
    rmSync(workspace, { recursive: true });
    expect(stdout).toMatch(/^ESCAPED/m);
  },
);
