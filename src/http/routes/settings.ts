import { z } from "zod";
import { examineMachine } from "../../engine.ts";
import { requireInstallation } from "../installation.ts";
import { jsonValue } from "../input.ts";
import { shownAs } from "../placeless.ts";
import { defineRoute, type Route } from "../route.ts";

const tag = "settings";

const settingSchema = z
  .strictObject({
    name: z.string(),
    value: jsonValue,
    origin: z.strictObject({
      layer: z.enum(["default", "file", "environment", "flag"]),
      name: z.string(),
    }),
    description: z.string(),
    environmentName: z.string(),
  })
  .meta({ id: "Setting" });

const settingsSchema = z.strictObject({ items: z.array(settingSchema) });

const settings = defineRoute({
  name: "listSettings",
  method: "GET",
  path: "/v1/settings",
  tag,
  scope: "settings:read",
  effect: "read",
  summary: "List the settings, each with where it came from",
  description:
    "Values that are secrets are not shown; they are no settings but variables. They belong to the whole installation.",
  answer: { status: 200, schema: settingsSchema },
  handle: (call) => {
    requireInstallation(call);
    return shownAs(settingsSchema, { items: call.config.explain() }, call.host);
  },
});

const findingSchema = z
  .strictObject({
    what: z.string(),
    state: z.enum(["ok", "warn", "fail"]),
    detail: z.string(),
    fix: z.string().exactOptional(),
  })
  .meta({ id: "DoctorFinding" });

const findingsSchema = z.strictObject({ ok: z.boolean(), findings: z.array(findingSchema) });

const doctor = defineRoute({
  name: "examineMachine",
  method: "GET",
  path: "/v1/doctor",
  tag,
  scope: "settings:read",
  effect: "read",
  summary: "See what works on the server's machine",
  description:
    "And what to do about what does not. Local model servers are asked for their models.",
  answer: {
    status: 200,
    schema: findingsSchema,
  },
  seconds: 120,
  handle: async (call) => {
    requireInstallation(call);
    // The server goes on with its engine.
    const open = () => ({ ...call.engine, close: async () => undefined });
    const findings = await examineMachine(call.config, call.host, open);
    const ok = findings.every(({ state }) => state !== "fail");
    return shownAs(findingsSchema, { ok, findings }, call.host);
  },
});

/** The installation: its settings and its machine. */
export const settingsRoutes: readonly Route[] = [settings, doctor];
