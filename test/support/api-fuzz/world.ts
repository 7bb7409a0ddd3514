import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig } from "../../../src/config/config.ts";
import { type Engine, thisHost } from "../../../src/engine.ts";
import { createApiKeys } from "../../../src/engine/api-keys.ts";
import { type Engines, openEngines } from "../../../src/engine/engines.ts";
import { createApp } from "../../../src/http/app.ts";
import { authenticatorOf } from "../../../src/http/authentication.ts";
import { createSessions } from "../../../src/http/sessions.ts";
import { createRateLimits } from "../../../src/http/rate-limits.ts";
import { allRoutes } from "../../../src/http/routes/all.ts";
import { parseNewIntake } from "../../../src/learning/intake.ts";
import { parseNewLesson } from "../../../src/learning/lesson.ts";
import { parseNewRefresh } from "../../../src/learning/refresh.ts";
import { tasksIn } from "../tasks.ts";

/** What stands in everything that belongs to the other tenant. */
export const marker = "zebra-of-two";
/** In what the other tenant has and who runs the installation sees: a skill of its own, a key. */
export const hiddenSkill = "okapi-of-two";

/** The whole API over a store in which two tenants have something of everything. */
export interface FuzzWorld {
  readonly app: ReturnType<typeof createApp>;
  readonly tokens: {
    readonly admin: string;
    readonly expired: string;
    readonly revoked: string;
    /** Of one right each. */
    readonly of: ReadonlyMap<string, string>;
  };
  /** Ids of the tenant that asks, and of the other. */
  readonly own: readonly string[];
  readonly others: readonly string[];
  /** What the server said of itself: the reasons of what failed inside. */
  readonly warnings: string[];
  close(): Promise<void>;
}

const careful = `pack: careful
version: 1
description: asks before anything is written
default: allow
rules:
  - id: writes
    ask: { connector: "tool:workspace" }
    reason: Writing needs a person.
`;

const script = (line: string) =>
  JSON.stringify({
    name: "fuzz",
    turns: [
      { tool_calls: [{ name: "append_line", arguments: { path: "notes.txt", line } }] },
      { text: line },
    ],
  });

/** One of everything that is learned, with a name in it. Returns their ids. */
async function learnedThings(
  learning: Engine["learning"],
  name: string,
): Promise<readonly string[]> {
  const rows = await learning.rows();
  const { signal } = await learning.record({ type: "bug", severity: "low", summary: name });
  const intake = await rows.intakes.create(
    parseNewIntake({
      submittedBy: name,
      classification: { researchType: "internal" },
      content: { title: name },
    }),
    { signalIds: [signal.id] },
  );
  const actions = [{ description: name }];
  const lesson = await rows.lessons.create(
    parseNewLesson({ eventType: "success", title: name, recordedBy: name, actions }),
  );
  const checklist = await rows.checklists.create({ period: "monthly", reference: name });
  const snapshot = await rows.metrics.snapshot({
    period: name,
    metrics: [{ id: "IM-01", value: 1 }],
  });
  const refresh = await rows.refreshes.create(parseNewRefresh({ scope: "micro", title: name }));
  return [signal, intake, lesson, checklist, snapshot, refresh].map(({ id }) => id);
}

/**
 * @param asking the tenant that asks; `home` runs the installation
 * @param scopes the rights that get a key of their own
 */
export async function openWorld(asking: string, scopes: readonly string[]): Promise<FuzzWorld> {
  const folder = mkdtempSync(join(tmpdir(), "agent33-fuzz-"));
  const put = (path: string, text: string): void => {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  put("one.yaml", script("of one"));
  put("two.yaml", script(marker));
  put("policy/careful.yaml", careful);
  put("work/here/readme.txt", "");
  for (const name of ["forms", hiddenSkill]) {
    put(
      `skills/${name}/SKILL.md`,
      `---\nname: ${name}\ndescription: Fills in forms.\n---\nLook first: ${name}.\n`,
    );
  }
  put(
    "agents/clerk.yaml",
    JSON.stringify({ name: "clerk", version: "1.0.0", role: "A clerk.", instructions: "Work." }),
  );
  tasksIn(folder, { sum: {} });
  const warnings: string[] = [];
  const host = {
    ...thisHost({ PATH: process.env["PATH"] ?? "", TMPDIR: tmpdir() }),
    cwd: folder,
    warn: (line: string) => void warnings.push(line),
  };
  const settings = {
    tenant: "home",
    model: `scripted:${join(folder, "one.yaml")}`,
    "store.synchronous": "normal",
    "policy.files": ["policy"],
    "policy.packs": ["careful"],
    "serve.workspaces": ["work"],
    "serve.requestSeconds": 20,
    "serve.requestsPerMinute": 10_000_000,
    "serve.evaluations.tasks": { ours: "tasks" },
    "serve.evaluations.environment": "host",
    "skills.folders": ["skills"],
    "skills.tenants": { [hiddenSkill]: ["two"] },
    mcpServers: { gone: { command: "no-such-program-here" } },
  };
  const flags = Object.entries(settings).map(([setting, value]) => ({
    setting,
    flag: `--${setting}`,
    value,
  }));
  const config = loadConfig({ cwd: folder, env: {}, flags });
  const engines = await openEngines(config, host);
  const keys = createApiKeys({ store: engines.own.store, host });
  const keyOf = async (tenant: string, rights: readonly string[], name: string, ttlMs?: number) =>
    keys.create({ name, tenant, user: `user of ${name}`, scopes: rights, ttlMs: ttlMs ?? null });

  const seeded = async (tenant: string, name: string, file: string) => {
    const { runs, store, boundary } = engines.of(tenant);
    const id = await runs.create({
      task: { kind: "text", text: name, workspace: join(folder, "work", "here") },
      model: `scripted:${join(folder, file)}`,
      effort: undefined,
      mcpCommands: [],
      queued: true,
    });
    await runs.work({ untilIdle: true });
    const force = { state: "open", until: null, by: name, reason: name } as const;
    boundary.forceBreaker(`mcp:${name}|read`, force);
    const { key } = await keyOf(tenant, ["runs:read"], tenant === "two" ? hiddenSkill : name);
    const asked = store.approvals.list({}).map((approval) => approval.id);
    const calls = store.audit.list({ limit: 2 }).items.map(({ callId }) => callId);
    const learned = await learnedThings(engines.of(tenant).learning, name);
    return [id, key.id, ...asked, ...calls, ...learned];
  };
  const trials = await seededJob(await engines.jobs());
  const own = await seeded(asking, "of-one", "one.yaml");
  const others = await seeded("two", marker, "two.yaml");
  const revoked = await keyOf(asking, ["admin"], "revoked");
  await keys.revoke(revoked.key.id);
  const expired = await keyOf(asking, ["admin"], "expired", 1);
  const of = new Map<string, string>();
  for (const scope of scopes) of.set(scope, (await keyOf(asking, [scope], "one right")).secret);
  const app = createApp({
    routes: allRoutes,
    engines,
    keys,
    config,
    host,
    authenticator: authenticatorOf(keys),
    limits: createRateLimits({ perMinute: 10_000_000, failuresPerMinute: 10_000_000 }),
    sessions: createSessions({ keys, signingKey: host.random.bytes(32), clock: host.clock }),
    dashboard: { file: () => undefined },
    closing: new AbortController().signal,
  });
  return {
    app,
    tokens: {
      admin: (await keyOf(asking, ["admin"], "admin")).secret,
      expired: expired.secret,
      revoked: revoked.secret,
      of,
    },
    own: [...own, "forms", "clerk", "careful", "IM-01", "ours", ...trials],
    others,
    warnings,
    close: async () => {
      await engines.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A job whose trials are done. Gives what names it and them. */
async function seededJob(jobs: Awaited<ReturnType<Engines["jobs"]>>): Promise<readonly string[]> {
  const name = "tried";
  const agents = [{ kind: "nop" as const }, { kind: "oracle" as const }];
  await jobs.start({ job: name, agents, oracleGate: false });
  while ((await jobs.show(name)).running) await new Promise((resolve) => setTimeout(resolve, 20));
  return [name, ...jobs.trials(name).map((trial) => trial.name)];
}
