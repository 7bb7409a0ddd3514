import { z } from "zod";
import type { EvaluationReport, PassRule, ReportFormat } from "../../engine/evaluation.ts";
import { jobParams, plainName } from "../evaluations-view.ts";
import { jsonValue } from "../input.ts";
import { settingsPlaces, shownAs } from "../placeless.ts";
import {
  defineRoute,
  defineText,
  type Route,
  type RouteContext,
  type TextAnswer,
} from "../route.ts";
import { trajectorySchema } from "../runs-view.ts";
import { jobsOf } from "./evaluations.ts";

const tag = "evaluations";
const reading = { tag, scope: "evaluations:read", effect: "read", method: "GET" } as const;

/** What makes reports is loaded when the first is asked for: no start waits for it. */
const reports = () => import("../../engine/evaluation.ts");

const reportFormats = ["markdown", "html", "ctrf", "json"] as const satisfies ReportFormat[];

const contentTypes: Readonly<Record<ReportFormat, string>> = {
  json: "application/json",
  markdown: "text/markdown",
  html: "text/html",
  ctrf: "application/vnd.ctrf+json",
};

const forms = {
  [contentTypes.json]: z
    .looseObject({ format: z.string(), title: z.string(), suites: z.array(z.looseObject({})) })
    .meta({ id: "EvaluationReport" }),
  [contentTypes.markdown]: z.string(),
  [contentTypes.html]: z.string(),
  [contentTypes.ctrf]: z.looseObject({ results: z.looseObject({}) }).meta({ id: "CtrfReport" }),
};

const condition = z.string().min(1).max(300).exactOptional();

/** What figures hang on. More draws than usual would keep everybody else waiting. */
const figures = {
  format: z
    .enum(reportFormats)
    .exactOptional()
    .describe("instead of what the Accept header asks for; JSON by default"),
  level: z.coerce.number().min(0.5).max(0.999).exactOptional().describe("how sure intervals are"),
  seed: z.coerce.number().int().min(0).max(4_294_967_295).exactOptional(),
  resamples: z.coerce.number().int().min(1).max(10_000).exactOptional(),
  passAt: z
    .string()
    .max(200)
    .regex(/^(?:[^=]+=)?-?\d+(?:\.\d+)?$/, "Must be NUMBER or REWARD=NUMBER")
    .exactOptional()
    .describe("the reward that passes, instead of each trial's own"),
};

interface Figures {
  readonly level?: number;
  readonly seed?: number;
  readonly resamples?: number;
  readonly passAt?: string;
}

function optionsOf({ level, seed, resamples, passAt }: Figures) {
  return {
    ...(level === undefined ? {} : { level }),
    ...(seed === undefined ? {} : { seed }),
    ...(resamples === undefined ? {} : { resamples }),
    ...(passAt === undefined ? {} : { passRule: passRule(passAt) }),
  };
}

function passRule(words: string): PassRule {
  const [number = "", reward = "reward"] = words.split("=").toReversed();
  return { reward, atLeast: Number(number) };
}

/** The form that is wanted most of those that there are. */
function wanted(format: ReportFormat | undefined, accept: string | undefined): ReportFormat {
  if (format !== undefined) return format;
  const asked = (accept ?? "")
    .split(",")
    .map((part) => {
      const [type = "", ...more] = part.trim().toLowerCase().split(";");
      const q = more
        .map((one) => /^\s*q=([\d.]+)$/.exec(one)?.[1])
        .find((one) => one !== undefined);
      return { type: type.trim(), q: Number(q ?? 1) };
    })
    .toSorted((one, other) => other.q - one.q);
  const found = asked.flatMap(({ type, q }) =>
    q === 0 ? [] : reportFormats.filter((one) => contentTypes[one] === type),
  );
  return found[0] ?? "json";
}

async function answerOf(
  report: EvaluationReport,
  call: RouteContext & { readonly query: { readonly format?: ReportFormat } },
  name: string,
): Promise<TextAnswer> {
  const format = wanted(call.query.format, call.header("accept"));
  const text = (await reports()).renderReport(report, format);
  if (format === "json" || format === "ctrf") return { contentType: contentTypes[format], text };
  const contentType = `${contentTypes[format]}; charset=utf-8`;
  // A page with words of agents in it is kept as a file, and never one of this origin.
  return format === "html"
    ? { contentType, text, fileName: `${name}.html` }
    : { contentType, text };
}

const report = defineText({
  ...reading,
  name: "showEvaluationReport",
  path: "/v1/evaluations/jobs/{job}/report",
  summary: "Look at what came of a job's trials",
  description:
    "As JSON, Markdown, a page in HTML or CTRF, by `format` or the Accept header. Of a job that goes on it has the trials that are done.",
  params: jobParams,
  query: z.strictObject({
    ...figures,
    control: condition.describe("the arm that is not expected to pass, by a part of its name"),
  }),
  answer: { forms },
  problems: [404, 422],
  handle: async (call) => {
    const { job } = call.params;
    const served = await jobsOf(call);
    await served.show(job);
    const { reportOnTrials } = await reports();
    const { control } = call.query;
    const options = { ...optionsOf(call.query), control };
    return answerOf(await reportOnTrials({ cwd: served.folder }, job, options), call, job);
  },
});

const compare = defineText({
  ...reading,
  name: "compareEvaluations",
  path: "/v1/evaluations/compare",
  summary: "Compare two conditions task by task, with intervals",
  description: "Of two jobs, or of one: the difference, how sure it is, and what was hurt.",
  query: z.strictObject({
    ...figures,
    a: plainName.describe("the job that is compared with"),
    b: plainName.describe("the job that is compared"),
    first: condition.describe("which condition of the first, by a part of its name"),
    second: condition.describe("which condition of the second"),
  }),
  answer: { forms },
  problems: [404, 422],
  handle: async (call) => {
    const { a, b, first, second } = call.query;
    const served = await jobsOf(call);
    await served.show(a);
    await served.show(b);
    const { compareFolders } = await reports();
    const made = await compareFolders(
      { cwd: served.folder },
      { folder: a, condition: first },
      { folder: b, condition: second },
      optionsOf(call.query),
    );
    return answerOf(made, call, `${a}-${b}`);
  },
});

const trajectory = defineText({
  ...reading,
  name: "showTrialTrajectory",
  path: "/v1/evaluations/jobs/{job}/trials/{trial}/trajectory",
  summary: "Look at what a trial's agent did, as a trajectory (ATIF)",
  description: "As the agent left it, else of its run's log.",
  params: z.strictObject({ job: plainName, trial: z.string().min(1).max(200) }),
  answer: { forms: { "application/json": trajectorySchema } },
  problems: [404, 422],
  handle: async (call) => {
    const { job, trial } = call.params;
    const found = (await jobsOf(call)).trajectory(job, trial);
    return { contentType: "application/json", text: JSON.stringify(found) };
  },
});

const importSchema = z
  .strictObject({
    kind: z.enum(["ctrf", "junit", "atif"]).describe("what the text turned out to be"),
    notices: z.array(z.string()),
    document: jsonValue.describe("CTRF or ATIF that holds to its schema"),
  })
  .meta({ id: "EvaluationImport" });

const taken = defineRoute({
  ...reading,
  method: "POST",
  name: "importEvaluation",
  path: "/v1/evaluations/import",
  summary: "Read a report of tests or a trajectory of another program",
  description: "CTRF, JUnit or ATIF, by its content. It is given back and kept nowhere.",
  body: z.strictObject({ text: z.string().min(1) }),
  answer: { status: 200, schema: importSchema },
  problems: [422],
  handle: async (call) => {
    const { importEvaluationText, strictReport } = await reports();
    const imported = importEvaluationText(call.body.text);
    const made =
      imported.kind === "atif"
        ? { notices: [], document: imported.trajectory }
        : { notices: imported.report.notices, document: strictReport(imported.report) };
    const places = settingsPlaces(call.config, call.host);
    return shownAs(importSchema, { kind: imported.kind, ...made }, call.host, places);
  },
});

/** What trials came to. */
export const evaluationReportRoutes: readonly Route[] = [report, compare, trajectory, taken];
