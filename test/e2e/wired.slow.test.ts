import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { JsonValue } from "../../src/base/json.ts";
import { parseNewLesson } from "../../src/learning/lesson.ts";
import type { Signal } from "../../src/learning/signal.ts";
import { BoundaryError } from "../../src/boundary/errors.ts";
import { failing, read, spec } from "../support/connector.ts";
import { type TestEngine, testEngine } from "../support/engine.ts";
import { describePostgres, lentStore } from "../support/postgres-tests.ts";
import { openSealed } from "../support/sealed-file.ts";

/** What holds only if the engine has joined one room to another. */

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
  vi.restoreAllMocks();
});

function opened(
  settings: Readonly<Record<string, JsonValue>> = {},
  folder?: string,
  env: Record<string, string> = {},
): TestEngine {
  const made = testEngine(settings, folder, env);
  closing.push(() => made.engine.close());
  return made;
}

async function signalsOf({ engine }: TestEngine): Promise<readonly Signal[]> {
  const { signals } = await engine.learning.rows();
  return (await signals.list({ limit: 100 })).items;
}

/** What is written to standard error from now on. */
function heard(): readonly string[] {
  const said: string[] = [];
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    said.push(String(text));
    return true;
  });
  return said;
}

/** Calls in the name of the settings' tenant. */
const caller = { principal: { tenant: "default", user: "ann" } } as const;

const fileOf = ({ folder }: TestEngine): string => join(folder, ".agent33/agent33.db");

const oneFailure = [{ tool_calls: [{ name: "no_such_tool", arguments: {} }] }, { text: "Done." }];

async function openBreaker({ engine }: TestEngine): Promise<void> {
  const down = new BoundaryError("upstream_5xx", "The service is down.", { status: 503 });
  const connector = engine.boundary.connector(spec(failing(down)));
  for (let call = 0; call < 6; call += 1) await connector.tryCall("x", caller);
  expect(engine.boundary.breakers()).toMatchObject([{ state: "open" }]);
}

test("a breaker that opens is an incident, recorded once", async () => {
  const made = opened();
  await openBreaker(made);
  await vi.waitFor(async () => expect(await signalsOf(made)).toHaveLength(1));
  expect(await signalsOf(made)).toMatchObject([
    {
      type: "incident",
      severity: "high",
      source: "engine:breaker",
      summary: expect.stringContaining("http:test"),
      context: { attempts: "5", failures: "5", slow: "0" },
      occurrences: 1,
    },
  ]);
});

test("no breaker is recorded where the settings say that nothing is", async () => {
  const made = testEngine({ "learning.enabled": false });
  await openBreaker(made);
  // Closing waits for all that is recorded in the background.
  await made.engine.close();
  expect(await signalsOf(opened({}, made.folder))).toEqual([]);
});

test("whoever waits long for another process's lock is told, and told when it is over", async () => {
  const made = opened();
  const said = heard();
  const other = new DatabaseSync(fileOf(made));
  other.exec("BEGIN IMMEDIATE");
  const recorded = made.engine.learning.record({ type: "bug", severity: "low", summary: "Waits" });
  await vi.waitFor(() => expect(said).toHaveLength(1), { timeout: 5000 });
  other.exec("ROLLBACK");
  other.close();
  await recorded;
  await vi.waitFor(() => expect(said).toHaveLength(2), { timeout: 5000 });
  expect(said[0]).toMatch(
    /^warning: store\.busy: another process holds the store; writers wait after \d{4} ms \(1 writers\)\.\n$/,
  );
  expect(said[1]).toMatch(/^warning: store\.busy: writers to the store go on after /);
});

describe("a password of the team's store", () => {
  const place = "@127.0.0.1:1/x";
  test.each([
    ["in the address", `postgres://u:open-Sesame-77${place}`, {}, "open-Sesame-77"],
    ["as it is meant", `postgres://u:open%2FSesame-77${place}`, {}, "open/Sesame-77"],
    ["as it is written", `postgres://u:open%2FSesame-77${place}`, {}, "open%2FSesame-77"],
    ["as a parameter", `postgres://u${place}?password=open-Sesame-77`, {}, "open-Sesame-77"],
    ["in PGPASSWORD", `postgres://u${place}`, { PGPASSWORD: "open-Sesame-77" }, "open-Sesame-77"],
  ])("%s is in no log", async (_where, url, env, password) => {
    const settings = { "learning.store": url, "learning.enabled": false };
    const made = opened(settings, undefined, env);
    const { events } = await made.run([{ text: `The password is ${password}.` }]);
    const told = JSON.stringify(events);
    expect(told).toMatch(/The password is \[secret:/);
    expect(told).not.toContain(password);
  });
});

test("what a server is given is a secret where its name says so", async () => {
  const env = { API_TOKEN: "open-Sesame-77", MODE: "quite-ordinary" };
  const server = { command: "no-such-program", env };
  const made = opened({ mcpServers: { vault: server } });
  const { signal } = await made.engine.learning.record({
    ...grave,
    details: `It sent ${env.API_TOKEN} in ${env.MODE} mode.`,
  });
  expect(signal.details).toBe("It sent [secret:API_TOKEN] in quite-ordinary mode.");
});

describe("a secret that a connector was given", () => {
  const secret = `sk-${"a1b2".repeat(8)}`;

  test("is neither in the question to a person nor in the audit of the call", async () => {
    const { engine } = opened();
    const facts = { ...read, operation: "drop", effect: "destructive", args: { secret } } as const;
    const asking = engine.boundary.connector(spec(() => Promise.resolve("done"), facts));
    expect(await asking.tryCall("x", caller)).toMatchObject({ ok: false });
    const [question] = engine.store.approvals.list();
    expect(question?.summary).toMatch(/drop .*\[secret:/);
    expect(question?.summary).not.toContain(secret);
  });

  test("is not in the audit, where the other side's error repeats it", async () => {
    const { engine } = opened();
    const told = new BoundaryError("upstream_4xx", `No such key: ${secret}`, { status: 404 });
    const connector = engine.boundary.connector(spec(failing(told)));
    expect(await connector.tryCall("x", caller)).toMatchObject({ ok: false });
    await engine.audit.flush();
    const [entry] = engine.store.audit.list().items;
    expect(JSON.stringify(entry?.record)).toMatch(/No such key: \[secret:/);
    expect(JSON.stringify(entry?.record)).not.toContain(secret);
  });
});

const grave = {
  type: "incident",
  severity: "critical",
  summary: "The nightly import stops half-way and leaves the totals of the day before",
  details: "It was seen on three nights; the log ends after the header of the second file.",
  source: "cron",
};

describe("an intake that nobody asked for", () => {
  test.each([
    ["is made of a signal that is acknowledged", "acknowledged", true],
    ["is not made of a signal that was dismissed", "dismissed", false],
    ["is not made of a signal that was resolved", "resolved", false],
  ] as const)("%s", async (_what, state, made) => {
    const key = { ...grave, idempotencyKey: "night-1" };
    const before = opened({ "learning.automaticIntakes.enabled": false });
    const { signal, intakeId } = await before.engine.learning.record(key);
    expect(intakeId).toBeNull();
    const rows = await before.engine.learning.rows();
    await rows.signals.transition(signal.id, state, "ann", "looked at");
    const after = opened({}, before.folder);
    const again = await after.engine.learning.record(key);
    expect(again.outcome).toBe("known");
    expect(again.intakeId !== null).toBe(made);
    expect((await rows.intakes.list()).items).toHaveLength(made ? 1 : 0);
  });
});

describe("intakes for the signals that deserve one", () => {
  const severities = ["high", "critical", "high", "critical"] as const;

  async function fourWaiting(): Promise<TestEngine> {
    const made = opened({ "learning.automaticIntakes.enabled": false });
    for (const [index, severity] of severities.entries()) {
      await made.engine.learning.record({ ...grave, severity, source: `cron ${index}` });
    }
    return made;
  }

  test("are made three at a time, the gravest first, until none is left", async () => {
    const { learning } = (await fourWaiting()).engine;
    const priorities = (await learning.generateIntakes()).map((one) => one.relevance.priority);
    expect(priorities).toEqual([10, 10, 9]);
    expect(await learning.generateIntakes()).toHaveLength(1);
    expect(await learning.generateIntakes()).toEqual([]);
  });

  test("are counted once, when two programs make them at the same time", async () => {
    const one = await fourWaiting();
    const other = opened({}, one.folder);
    const made = await Promise.all(
      [one, other].map(({ engine }) => engine.learning.generateIntakes({ limit: 4 })),
    );
    const ids = made.flat().map(({ id }) => id);
    expect(ids).toHaveLength(4);
    expect(new Set(ids).size).toBe(4);
  });

  test.each([
    ["is reached", 0, 1],
    ["is missed by a thousandth", 0.001, 0],
  ])("are made at once where the least quality %s", async (_what, more, count) => {
    const before = opened({ "learning.automaticIntakes.enabled": false });
    const { quality } = (await before.engine.learning.record(grave)).signal;
    const least = { "learning.automaticIntakes.minScore": quality.score + more };
    const { engine } = opened(least);
    expect((await engine.learning.record(grave)).intakeId === null).toBe(count === 0);
    expect((await (await engine.learning.rows()).intakes.list()).items).toHaveLength(count);
  });
});

test("a run's end also reads what runs of other processes have left", async () => {
  const first = opened({ "learning.enabled": false });
  const { runId } = await first.run(oneFailure);
  const later = testEngine({}, first.folder);
  await later.run([{ text: "Done." }]);
  await later.engine.close();
  expect(await signalsOf(first)).toMatchObject([{ context: { run: runId } }]);
});

describePostgres("a team's store", "shared", (server) => {
  test("is given no secret", async () => {
    const { engine } = opened({ "learning.store": await lentStore(server()) });
    const secret = `sk-${"a1b2".repeat(8)}`;
    await engine.learning.record({ ...grave, details: `It sent ${secret} along.` });
    const rows = await engine.learning.rows();
    const title = `Do not send ${secret}`;
    const lesson = parseNewLesson({ eventType: "failure", title, recordedBy: "ann" });
    await rows.lessons.create(lesson);
    const kept = JSON.stringify([await rows.signals.list(), await rows.lessons.list()]);
    expect(kept).toContain("It sent [secret:");
    expect(kept).toContain("Do not send [secret:");
    expect(kept).not.toContain(secret);
  });
});

const unsealed = (path: string): DatabaseSync => new DatabaseSync(path);

describe("a run that cannot be read is named, and does not keep back what later ones teach", () => {
  test.each([
    ["its row", "UPDATE runs SET spec = 'half' WHERE id = ?", openSealed, "store.bad_row"],
    [
      "its log",
      "UPDATE run_events SET event = 'half' WHERE run_id = ?",
      openSealed,
      "events.malformed",
    ],
    ["its row", "UPDATE runs SET task = 'other' WHERE id = ?", unsealed, "store.bad_row"],
    ["its log", "UPDATE run_events SET at = at + 1 WHERE run_id = ?", unsealed, "store.bad_row"],
  ])("for %s is damaged by %s", async (_what, damage, open, code) => {
    const first = opened({ "learning.enabled": false });
    const [bad, good] = [await first.run(oneFailure), await first.run(oneFailure)];
    const other = open(fileOf(first));
    other.prepare(damage).run(bad.runId);
    other.close();
    const later = opened({}, first.folder);
    const said = heard();
    expect(await later.engine.learning.catchUp()).toBe(1);
    const run = `What run ${bad.runId} teaches could not be read: ${code}: `;
    expect(said).toEqual([expect.stringContaining(run)]);
    expect(await signalsOf(later)).toMatchObject([{ context: { run: good.runId } }]);
  });
});
