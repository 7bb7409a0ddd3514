import { readFileSync } from "node:fs";
import { z } from "zod";
import { isJsonObject, type JsonObject } from "../../src/base/json.ts";
import { jsonValue } from "../../src/http/input.ts";
import { openApi } from "../../src/http/openapi.ts";
import { allRoutes } from "../../src/http/routes/all.ts";

const route = {
  method: z.enum(["GET", "POST"]),
  path: z.string().startsWith("/v1/improvements"),
  /** Since which of the two states of the Python engine it is there. */
  since: z.enum(["2026-02", "2026-05"]),
  note: z.string(),
};

/** One request that shows that an operation is there and answers as the table says. */
const trySchema = z.strictObject({
  /** Which record the path names. */
  id: z
    .enum(["intake", "lesson", "settled lesson", "checklist", "refresh", "metric"])
    .exactOptional(),
  index: z.int().exactOptional(),
  query: z.string().startsWith("?").exactOptional(),
  body: z.record(z.string(), jsonValue).exactOptional(),
  status: z.literal([200, 201]),
  /** Whether it is a page with something in it. */
  page: z.literal(true).exactOptional(),
  /** What is in the answer, among others. */
  answers: z.record(z.string(), jsonValue),
  has: z.array(z.string()).exactOptional(),
});

const dataSchema = z.strictObject({
  source: z.strictObject({
    file: z.string(),
    commits: z.strictObject({ "2026-02": z.string(), "2026-05": z.string() }),
  }),
  routes: z.array(
    z.discriminatedUnion("verdict", [
      z.strictObject({
        ...route,
        verdict: z.enum(["same", "changed"]),
        ours: z.string(),
        try: trySchema,
      }),
      z.strictObject({ ...route, verdict: z.literal("dropped"), note: z.string().min(1) }),
    ]),
  ),
});
export type PythonRoute = z.infer<typeof dataSchema>["routes"][number];

/** The routes of the Python engine for improvements, and what became of each. */
export function pythonRoutes(): z.infer<typeof dataSchema> {
  const text = readFileSync(new URL("./improvement-routes.json", import.meta.url), "utf8");
  return dataSchema.parse(JSON.parse(text));
}

/** Every operation of the API, as `POST /v1/runs`, with what it does. */
function operations(): ReadonlyMap<string, JsonObject> {
  const paths = openApi(allRoutes)["paths"] as JsonObject;
  return new Map(
    Object.entries(paths).flatMap(([path, item]) =>
      Object.entries(item as JsonObject).flatMap(([method, operation]) =>
        isJsonObject(operation) ? [[`${method.toUpperCase()} ${path}`, operation] as const] : [],
      ),
    ),
  );
}

const opening = `# The Python engine's routes for improvements

<!-- Made from improvement-routes.json and the routes in src/http/routes/. To change this page,
     change them and run: node docs/reference/generate-improvement-routes.ts -->

What became of each route that the Python engine had under \`/v1/improvements\`, for programs that
used them. A test asks this engine for every row that is not dropped.

What holds for all of them:

- **The tenant is the key's.** Nobody names one in a query or a body; what belongs to another tenant
  is 404. So is the person: who submitted, decided or verified is who the key is for.
- **No GET changes anything.** What made intakes on GET is a POST.
- **Scopes** \`learning:read\` and \`learning:write\`; any authenticated user could do everything but backups.
- **Names** in bodies and answers are written \`likeThis\` instead of \`like_this\`, times are
  milliseconds since the Unix epoch, and what an operation does not know is refused.
- **What is made** is answered with 201 and its \`location\` instead of 200. With an
  \`Idempotency-Key\` header it is made once.
- **Lists** are pages, \`{items, nextCursor}\`, and go on with \`cursor\`.
- **Errors** are problems (RFC 9457) with codes: 400 for what does not fit, 404 for what is not
  there, 409 for what its state does not allow, 422 for the rest.
- **All of it is kept** in the store; there, only signals and the intakes made of them were.
`;

/**
 * The page `improvement-routes.md`.
 * @throws Error for a row that names an operation which is not there, or the same route twice
 */
export function improvementRoutesPage({ source, routes } = pythonRoutes()): string {
  const known = operations();
  const named = new Set<string>();
  const seen = new Set<string>();
  const rows = routes.map((row) => {
    const theirs = `${row.method} ${row.path}`;
    if (seen.has(theirs)) throw new Error(`${theirs} is in the table twice.`);
    seen.add(theirs);
    if (row.verdict === "dropped") return line(theirs, row, "");
    if (!known.has(row.ours)) throw new Error(`${theirs}: there is no ${row.ours}.`);
    if (row.verdict === "same" && row.ours !== theirs) {
      throw new Error(`${theirs} is not the same as ${row.ours}.`);
    }
    named.add(row.ours);
    return line(theirs, row, row.ours === theirs ? "" : row.ours);
  });
  const counts = (["same", "changed", "dropped"] as const).map(
    (verdict) => `${routes.filter((row) => row.verdict === verdict).length} ${verdict}`,
  );
  const fresh = [...known].filter(
    ([name]) => name.includes(" /v1/improvements") && !named.has(name),
  );
  const { commits, file } = source;
  return `${opening}
## The table

${routes.length} routes, as the Python engine's \`${file}\` has them at commit ${commits["2026-05"]} (May 2026);
those since 2026-02 were there at commit ${commits["2026-02"]} already. ${counts.join(", ")}.
\`same\` is the same path and meaning, but for what holds for all.

| route there | since | here | what changed, or why it is dropped |
| --- | --- | --- | --- |
${rows.join("")}
## Only here

| operation | what it does |
| --- | --- |
${fresh.map(([name, { summary }]) => `| \`${name}\` | ${typeof summary === "string" ? summary : ""} |\n`).join("")}`;
}

function line(theirs: string, { since, verdict, note }: PythonRoute, ours: string): string {
  const here = ours === "" ? verdict : `${verdict}: \`${ours}\``;
  return `| \`${theirs}\` | ${since} | ${here} | ${note} |\n`;
}
