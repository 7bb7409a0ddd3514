import { z } from "zod";
import { Agent33Error } from "../../base/errors.ts";
import {
  checkSkills,
  listSkillEntries,
  pinSkills,
  planAdditions,
  removeSkill,
  showSkillEntry,
  type SkillEntry,
} from "../../engine.ts";
import { withGivenFiles } from "../../engine/given-files.ts";
import { checkArchive } from "../../engine/skill-admin.ts";
import { askerOf, callersConfig, requireInstallation, runsInstallation } from "../installation.ts";
import { defineRoute, type Route, type RouteContext } from "../route.ts";
import { modelName } from "../runs-view.ts";
import {
  additionsSchema,
  additionsView,
  noticesSchema,
  skillCheckSchema,
  skillCheckView,
  skillMatchSchema,
  skillSchema,
  skillView,
  wholeSkillSchema,
} from "../skills-view.ts";

const tag = "skills";
const name = z.string().min(1).max(200);

/** Skills that another tenant has for itself are not told of. */
function mayBeSeen(asking: Pick<RouteContext, "caller" | "config">) {
  const all = runsInstallation(asking);
  return ({ status }: SkillEntry): boolean => all || status !== "hidden";
}

const list = defineRoute({
  name: "listSkills",
  method: "GET",
  path: "/v1/skills",
  tag,
  scope: "skills:read",
  effect: "read",
  summary: "List skills",
  description: "What is odd about their folders is told to the tenant that runs the installation.",
  answer: {
    status: 200,
    schema: z.strictObject({ items: z.array(skillSchema), notices: noticesSchema }),
  },
  handle: async (call) => {
    const { entries, notices } = await listSkillEntries(callersConfig(call), call.host);
    return {
      items: entries.filter(mayBeSeen(call)).map(skillView),
      notices: runsInstallation(call) ? [...notices] : [],
    };
  },
});

const show = defineRoute({
  name: "showSkill",
  method: "GET",
  path: "/v1/skills/{name}",
  tag,
  scope: "skills:read",
  effect: "read",
  summary: "Look at a skill and its text",
  params: z.strictObject({ name }),
  answer: { status: 200, schema: wholeSkillSchema },
  problems: [404],
  handle: async (call) => {
    const entry = await showSkillEntry(call.params.name, callersConfig(call), call.host);
    if (!mayBeSeen(call)(entry)) {
      throw new Agent33Error("skills.unknown", `There is no skill "${call.params.name}".`);
    }
    return { ...skillView(entry), body: entry.skill.body };
  },
});

const how = z
  .enum(["strict", "lenient"])
  .default("strict")
  .describe("`lenient` tells what a run would put up with");

const validateAll = defineRoute({
  name: "validateSkills",
  method: "GET",
  path: "/v1/skills/faults",
  tag,
  scope: "skills:read",
  effect: "read",
  summary: "Hold the installation's skills to the specification",
  query: z.strictObject({ how }),
  answer: { status: 200, schema: skillCheckSchema },
  problems: [404, 422],
  handle: async (call) => {
    requireInstallation(call);
    return skillCheckView(await checkSkills([], call.query.how, call.config, call.host));
  },
});

const archive = {
  archive: z
    .base64()
    .min(1)
    .describe("a .zip, .skill, .tar or .tar.gz of skills, in Base64; serve.maxBodyKilobytes holds"),
  fileName: z
    .string()
    .regex(/^[A-Za-z0-9][\w.-]{0,99}$/, "Must be a plain file name")
    .default("skills.zip")
    .describe("what it is called; a skill at its root takes its folder's name from it"),
};

/** Lays the archive of a body out for what reads files. */
function withArchive<T>(
  { archive: text, fileName }: { readonly archive: string; readonly fileName: string },
  work: (path: string) => Promise<T>,
): Promise<T> {
  const file = { name: fileName, content: Buffer.from(text, "base64") };
  return withGivenFiles([file], ([path = ""]) => work(path));
}

const validate = defineRoute({
  name: "validateArchive",
  method: "POST",
  path: "/v1/skills/validate",
  tag,
  scope: "skills:read",
  effect: "read",
  summary: "Hold the skills of an archive to the specification",
  description: "Nothing of it is added or run.",
  body: z.strictObject({ ...archive, how }),
  answer: { status: 200, schema: skillCheckSchema },
  problems: [422],
  handle: async ({ body }) =>
    skillCheckView(await withArchive(body, (path) => checkArchive(path, body.how))),
});

const match = defineRoute({
  name: "matchSkills",
  method: "POST",
  path: "/v1/skills/match",
  tag,
  scope: "skills:match",
  effect: "write",
  summary: "See which skills fit a task",
  description: "Stage by stage, and why the others do not. A model is asked where one is named.",
  body: z.strictObject({
    task: z.string().min(1).max(200_000),
    top: z.int().min(1).max(100).default(5).describe("skills at most"),
    model: modelName
      .nullable()
      .exactOptional()
      .describe("the model that is asked, null for none; default: that of the settings"),
  }),
  answer: { status: 200, schema: skillMatchSchema },
  problems: [422, 502],
  seconds: 120,
  handle: async (call) => {
    const { task, top, model = call.config.settings.model ?? null } = call.body;
    const found = await call.engine.skills.match({ task, top, model }, askerOf(call));
    return {
      ...found,
      chosen: [...found.chosen],
      by: [...found.by],
      skills: found.skills.map((one) => ({ ...one })),
      notices: [...found.notices],
    };
  },
});

const chosen = z.array(name).max(100).default([]);

const preview = defineRoute({
  name: "previewSkills",
  method: "POST",
  path: "/v1/skills/preview",
  tag,
  scope: "skills:read",
  effect: "read",
  summary: "See what an archive would add",
  body: z.strictObject({ ...archive, names: chosen.describe("only these of its skills") }),
  answer: { status: 200, schema: additionsSchema },
  problems: [409, 422],
  handle: (call) => {
    requireInstallation(call);
    return adding(call, { ...call.body, replace: true }, false);
  },
});

const add = defineRoute({
  name: "addSkills",
  method: "POST",
  path: "/v1/skills",
  tag,
  scope: "skills:write",
  effect: "write",
  summary: "Add the skills of an archive",
  description:
    "They are taken for good as they are: a run asks about one that has changed since. All tenants share them, but for what the settings say.",
  body: z.strictObject({
    ...archive,
    names: chosen.describe("only these of its skills"),
    replace: z.boolean().default(false).describe("whether skills that are there may give way"),
  }),
  answer: { status: 201, schema: additionsSchema },
  problems: [409, 422],
  location: ({ items }) =>
    items.length === 1 && items[0] !== undefined
      ? `/v1/skills/${encodeURIComponent(items[0].name)}`
      : "/v1/skills",
  handle: (call) => {
    requireInstallation(call);
    return adding(call, call.body, true);
  },
});

interface Upload {
  readonly archive: string;
  readonly fileName: string;
  readonly names: readonly string[];
  readonly replace: boolean;
}

function adding(
  call: Pick<RouteContext, "caller" | "config" | "host">,
  upload: Upload,
  carriesOut: boolean,
): Promise<z.input<typeof additionsSchema>> {
  const { names, replace, fileName } = upload;
  return withArchive(upload, async (source) => {
    const request = { source, calledAs: `api:${fileName}`, names, to: undefined, replace };
    const planned = await planAdditions(request, callersConfig(call), call.host);
    try {
      const kept = carriesOut ? await planned.carryOut() : [];
      return additionsView(planned.additions, { added: carriesOut, kept: kept.length });
    } finally {
      await planned.discard();
    }
  });
}

const pin = defineRoute({
  name: "pinSkills",
  method: "POST",
  path: "/v1/skills/pin",
  tag,
  scope: "skills:write",
  effect: "write",
  summary: "Take skills for good as they are",
  description: "From then on a run asks about a changed one.",
  body: z.strictObject({ names: chosen.describe("all that runs get by default") }),
  answer: { status: 200, schema: z.strictObject({ items: z.array(skillSchema) }) },
  problems: [404, 422],
  handle: async (call) => {
    requireInstallation(call);
    const { entries } = await pinSkills(call.body.names, callersConfig(call), call.host);
    return { items: entries.map((entry) => ({ ...skillView(entry), pin: "same" as const })) };
  },
});

const remove = defineRoute({
  name: "removeSkill",
  method: "DELETE",
  path: "/v1/skills/{name}",
  tag,
  scope: "skills:write",
  effect: "destructive",
  summary: "Take a skill away",
  description: "Its folder is kept beside the others, and can be added again.",
  params: z.strictObject({ name }),
  answer: {
    status: 200,
    schema: z.strictObject({ name: z.string(), isKept: z.boolean() }).meta({ id: "RemovedSkill" }),
  },
  problems: [404],
  handle: async (call) => {
    requireInstallation(call);
    await removeSkill(call.params.name, callersConfig(call), call.host);
    return { name: call.params.name, isKept: true };
  },
});

/** Skills: what agents can load, and who may change that. Nothing in them is run here. */
export const skillRoutes: readonly Route[] = [
  list,
  validateAll,
  show,
  validate,
  match,
  preview,
  add,
  pin,
  remove,
];
