import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import {
  egressGuardFile,
  egressGuardState,
  switchEgressGuard,
} from "../../src/boundary/egress/guard.ts";
import { childEnvironment } from "../../src/sandbox/child-environment.ts";
import { createProcesses } from "../../src/sandbox/process.ts";
import { type CliResult, freshFolder, projectRoot, runCli, runInProcess } from "../support/cli.ts";
import { grantTests } from "../support/egress.ts";
import { temporaryFolder } from "../support/temporary.ts";

grantTests("starts programs that have the guard, or have it not", { spawn: true });

const guard = pathToFileURL(join(projectRoot, "src/boundary/egress/guard.ts")).href;
const library = pathToFileURL(join(projectRoot, "src/index.ts")).href;

/** Runs a program's text and gives its output. */
async function run(text: string, flags: readonly string[] = []): Promise<string> {
  const file = join(temporaryFolder("entry"), "program.mjs");
  writeFileSync(file, text);
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, file]);
  return stdout.trim();
}

/** Tries to connect to a port that nobody listens at: unguarded, that is ECONNREFUSED. */
const tries = `connect(1, "127.0.0.1").on("error", (error) => console.log(error.code))`;

describe("a program that embeds the engine", () => {
  const imports = `import { connect } from "node:net";
    import { spawnSync } from "node:child_process";
    import { installEgressGuard } from ${JSON.stringify(library)};`;

  test("is not guarded unless it asks for it", async () => {
    expect(await run(`${imports} ${tries}`)).toBe("ECONNREFUSED");
  });

  test("is guarded from when it asks, also where it had imported by name before", async () => {
    const text = `${imports} installEgressGuard(); installEgressGuard(); ${tries}
      try { spawnSync("true"); } catch (error) { console.log(error.code); }`;
    expect(await run(text)).toBe("boundary.egress_blocked\nboundary.egress_blocked");
  });

  test.each(["--require", "--import"])("may have it loaded first by %s", async (flag) => {
    expect(await run(`import { connect } from "node:net"; ${tries}`, [flag, egressGuardFile])).toBe(
      "boundary.egress_blocked",
    );
  });

  test.each(["--require", "--import"])("has it by %s in a worker of a text too", async (flag) => {
    const inside = JSON.stringify(
      `const { connect } = require("node:net");
      connect(1, "127.0.0.1").on("error", ({ code }) => require("node:worker_threads").parentPort.postMessage(code));`,
    );
    const text = `import { Worker } from "node:worker_threads";
      import { grantEgress } from ${JSON.stringify(guard)};
      const grant = grantEgress({ name: "mine/worker", why: "works", workers: true });
      grant.run(() => new Worker(${inside}, { eval: true })).on("message", (code) => console.log(code));`;
    expect(await run(text, [flag, egressGuardFile])).toBe("boundary.egress_blocked");
  });

  test("finds it in the package under a name of its own", () => {
    const { exports } = JSON.parse(readFileSync(join(projectRoot, "package.json"), "utf8")) as {
      readonly exports: Readonly<Record<string, { readonly default: string }>>;
    };
    const named = exports["./egress-guard"]?.default.replace("./dist/", "src/") ?? "";
    expect(join(projectRoot, named)).toBe(egressGuardFile);
  });
});

interface Finding {
  readonly what: string;
  readonly state: string;
  readonly detail: string;
}

function guardFindings({ stdout }: CliResult): Readonly<Record<string, string>> {
  const { findings } = JSON.parse(stdout) as { readonly findings: readonly Finding[] };
  return Object.fromEntries(
    findings
      .filter(({ what }) => /guard|grant/.test(what))
      .map(({ what, state, detail }) => [what, `${state} ${detail}`]),
  );
}

const doctor = (file: string): readonly string[] =>
  ["doctor", "--json", "--data", freshFolder()].concat("--config", file);

function configFile(text: string): string {
  const file = join(freshFolder(), "agent33.config.yaml");
  writeFileSync(file, text);
  return file;
}

describe("the command line", () => {
  test("has the guard on; doctor says so and names every grant", async () => {
    const file = configFile("learning: { store: 'postgres://me:secret@db.example:6432/team' }\n");
    expect(guardFindings(await runCli(doctor(file)))).toEqual({
      "egress guard": expect.stringMatching(/^ok on/),
      "grant evaluation/verify": "ok starts programs: runs the check and the verifier of a task",
      "grant release/commands":
        "ok starts programs: runs git and the declared commands of releases and gates",
      "grant sandbox/probe": "ok starts programs: tries bubblewrap and gVisor on this machine",
      "grant store/postgres": "ok connects to db.example:6432: keeps state in PostgreSQL",
      "grant store/snapshot": "ok starts programs: copies the store for its backups",
    });
  });

  test("switches it off where the settings say so; doctor warns", async () => {
    const file = configFile("egressGuard: off\n");
    const told = await runInProcess(doctor(file), freshFolder());
    expect(egressGuardState()).toBe("off");
    expect(guardFindings(told)).toEqual({ "egress guard": expect.stringMatching(/^warn off/) });
    switchEgressGuard("on");
  });

  test("refuses another value of the setting", async () => {
    const file = configFile("egressGuard: sometimes\n");
    const { code, stderr } = await runInProcess(["doctor", "--config", file], freshFolder());
    expect([code, stderr]).toEqual([64, expect.stringContaining("egressGuard")]);
  });
});

test("a program that the sandbox starts does not get the guard by its environment", async () => {
  const env = childEnvironment({ ...process.env, NODE_OPTIONS: `--require ${egressGuardFile}` });
  const child = await createProcesses().spawn({
    command: process.execPath,
    args: ["-e", `require("node:net").${tries}`],
    cwd: projectRoot,
    env,
  });
  let output = "";
  child.stdout.on("data", (chunk) => {
    output += String(chunk);
  });
  await child.exited;
  await expect.poll(() => output.trim()).toBe("ECONNREFUSED");
});
