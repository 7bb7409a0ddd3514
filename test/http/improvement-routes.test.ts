import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  improvementRoutesPage,
  type PythonRoute,
  pythonRoutes,
} from "../../docs/reference/improvement-routes.ts";
import { type TestApi, testApi } from "../support/api.ts";
import { temporaryFolder } from "../support/temporary.ts";

const place = "/v1/improvements";
const { routes } = pythonRoutes();
type Kept = Exclude<PythonRoute, { readonly verdict: "dropped" }>;
const kept = routes.filter((row): row is Kept => row.verdict !== "dropped");

test("the page says what the data and the API say (else run: node docs/reference/generate-improvement-routes.ts)", () => {
  const page = join(import.meta.dirname, "../../docs/reference/improvement-routes.md");
  expect(readFileSync(page, "utf8")).toBe(improvementRoutesPage());
});

test("every route that the Python engine had is in the table", () => {
  const since = (when: string) => routes.filter((row) => row.since === when).length;
  // As counted in its sources at the two commits that the data names.
  expect([since("2026-02"), since("2026-05")]).toEqual([26, 18]);
});

test("a row that names an operation which is not there makes no page, nor does a route twice", () => {
  const { source } = pythonRoutes();
  const [first] = kept;
  if (first === undefined) throw new Error("there are no rows");
  const gone = { ...first, verdict: "changed" as const, ours: "GET /v1/improvements/gone" };
  expect(() => improvementRoutesPage({ source, routes: [gone] })).toThrow(
    "there is no GET /v1/improvements/gone",
  );
  const other = { ...first, verdict: "same" as const, ours: "GET /v1/runs" };
  expect(() => improvementRoutesPage({ source, routes: [other] })).toThrow("is not the same");
  expect(() => improvementRoutesPage({ source, routes: [first, first] })).toThrow("twice");
});

async function made(api: TestApi, path: string, body: unknown): Promise<string> {
  const answer = await api.ask("POST", `${place}${path}`, { body });
  expect(answer.status, answer.text).toBe(201);
  return (answer.headers.get("location") ?? "").split("/").at(-1) ?? "";
}

/** One of everything that a path may name. */
async function filled(api: TestApi): Promise<Readonly<Record<string, string>>> {
  const signal = { type: "incident", severity: "low", summary: "The import took an hour" };
  await made(api, "/learning/signals", signal);
  for (const [value, period] of [
    [20, "2026-10"],
    [10, "2026-11"],
  ] as const) {
    await made(api, "/metrics/snapshot", { period, metrics: [{ id: "IM-01", value }] });
  }
  const lesson = { eventType: "failure", title: "x", actions: [{ description: "y" }] };
  return {
    metric: "IM-01",
    intake: await made(api, "/intakes", {
      classification: { researchType: "internal" },
      content: { title: "x" },
    }),
    lesson: await made(api, "/lessons", lesson),
    "settled lesson": await made(api, "/lessons", { eventType: "success", title: "z" }),
    checklist: await made(api, "/checklists", { period: "monthly", reference: "2026-11" }),
    refresh: await made(api, "/refreshes", { scope: "minor", title: "x" }),
  };
}

async function world(api: TestApi) {
  return { api, ids: await filled(api) };
}
const folder = temporaryFolder("api");
let shared: ReturnType<typeof world>;
beforeAll(() => {
  shared = testApi({}, { folder, shared: true }).then(world);
});
afterAll(async () => (await shared).api.close());

test.each(kept.map((row) => [`${row.method} ${row.path}`, row] as const))(
  "%s is here as the table says",
  async (_, { ours, try: request, verdict, method, path }) => {
    // What only asks changes nothing, so that all of it may ask the same.
    const { api, ids } = ours.startsWith("GET ") ? await shared : await world(await testApi());
    const [word = "", target = ""] = ours.split(" ");
    const asked = target
      .replace("{id}", ids[request.id ?? ""] ?? "")
      .replace("{index}", String(request.index ?? ""));
    expect(asked).not.toContain("{");
    const given = request.body === undefined ? {} : { body: request.body };
    const answer = await api.ask(word, `${asked}${request.query ?? ""}`, given);
    // The answer has been held against its schema on the way.
    expect(answer.status, answer.text).toBe(request.status);
    expect(answer.body).toMatchObject(request.answers);
    if (request.status === 201) {
      const location = answer.headers.get("location") ?? "";
      expect((await api.ask("GET", location)).status).toBe(200);
    }
    if (request.page === true) {
      const { items } = answer.body as { items: readonly unknown[] };
      expect(items.length).toBeGreaterThan(0);
      expect(answer.body).toHaveProperty("nextCursor");
    } else expect(Object.keys(request.answers).length).toBeGreaterThan(0);
    for (const name of request.has ?? []) expect(answer.body).toHaveProperty(name);
    if (verdict === "same") expect(ours).toBe(`${method} ${path}`);
  },
);

test.each(
  routes.filter(({ verdict }) => verdict === "dropped").map((row) => [row.method, row.path]),
)("%s %s is not here, as the table says", async (method, path) => {
  const { api } = await shared;
  const body = method === "POST" ? { body: {} } : {};
  const { status } = await api.ask(method ?? "", (path ?? "").replace("{id}", "x"), body);
  expect([404, 405]).toContain(status);
});
