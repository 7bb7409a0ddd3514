import { z } from "zod";
import { Agent33Error } from "../../base/errors.ts";
import { storeService, type StoreService } from "../../engine/store-service.ts";
import { pageOf, pageQuery, shownPage, timePage } from "../input.ts";
import { requireInstallation } from "../installation.ts";
import { begin, operationRoutes, operationSchema } from "../operations-view.ts";
import { settingsPlaces, shownAs } from "../placeless.ts";
import { defineLines, defineRoute, type Route, type RouteContext } from "../route.ts";
import {
  backupSchema,
  backupTime,
  backupView,
  quarantinedSchema,
  quarantineSchema,
  recoverySchema,
  standingSchema,
} from "../store-view.ts";

const tag = "store";
const reading = { tag, scope: "store:read", effect: "read", method: "GET" } as const;
const working = { tag, scope: "store:write", effect: "write", method: "POST" } as const;

/** The store is all tenants': who runs the installation looks after it. */
function storeOf(call: RouteContext): StoreService {
  requireInstallation(call);
  return storeService(call.config, call.host, call.engine);
}

const shown = <S extends z.ZodType>(form: S, value: unknown, call: RouteContext): z.input<S> =>
  shownAs(form, value, call.host, settingsPlaces(call.config, call.host));

const standing = defineRoute({
  ...reading,
  name: "showStore",
  path: "/v1/store",
  summary: "See how the store stands",
  query: z.strictObject({
    rows: z.enum(["no", "yes"]).default("no").describe("whether rows are counted, table by table"),
  }),
  answer: { status: 200, schema: standingSchema },
  handle: async (call) => {
    const found = await storeOf(call).standing(call.query.rows === "yes");
    const { store, backup, journal } = call.config.settings;
    const { newestBackup, ...more } = found;
    return shown(
      standingSchema,
      {
        ...more,
        newestBackup: newestBackup === null ? null : backupView(newestBackup),
        keeps: {
          checkEveryHours: store.checkEveryHours,
          backupEveryMinutes: backup.everyMinutes,
          backups: backup.keep,
          journal: journal.enabled,
          journalDays: journal.keepDays,
          onDamage: store.onDamage,
        },
      },
      call,
    );
  },
});

const backups = defineRoute({
  ...reading,
  name: "listBackups",
  path: "/v1/store/backups",
  summary: "List the store's backups, newest first",
  description: "By their manifests; nothing else of them is read.",
  query: pageQuery,
  answer: { status: 200, schema: pageOf(backupSchema) },
  handle: (call) => {
    const page = timePage(storeOf(call).backups(), backupTime, call.query);
    return shown(pageOf(backupSchema), shownPage(page, backupView), call);
  },
});

const operationAt = ({ id }: { readonly id: string }) => `/v1/store/operations/${id}`;
const begun = {
  answer: { status: 202, schema: operationSchema },
  problems: [409],
  location: operationAt,
} as const;

const backUp = defineRoute({
  ...working,
  ...begun,
  name: "makeBackup",
  path: "/v1/store/backups",
  summary: "Make a backup of the store",
  description:
    "It goes on in the background; the operation's result names the backup. A backup that was asked for is never removed by AGENT-33.",
  handle: (call) => {
    const store = storeOf(call);
    return begin(call, "store", "backup", async ({ signal }) => {
      const { id, damaged, trouble } = await store.backUp(signal);
      return { id, damaged, trouble: trouble ?? null };
    });
  },
});

const verify = defineRoute({
  ...working,
  ...begun,
  name: "verifyBackups",
  path: "/v1/store/backups/verify",
  summary: "Read backups and the journal from end to end",
  description: "In the background; the operation's result says what of them is whole.",
  body: z.strictObject({
    backup: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, "Must be a backup's id, or the beginning of one")
      .exactOptional()
      .describe("its id, the beginning of one, or its kind for the newest of it; all by default"),
  }),
  handle: (call) => {
    const store = storeOf(call);
    const { backup } = call.body;
    return begin(call, "store", "verify", ({ signal }) => store.verify(backup, signal));
  },
});

const check = defineRoute({
  ...working,
  ...begun,
  name: "checkStore",
  path: "/v1/store/check",
  summary: "Read all of the store, and see whether it is sound",
  description: "In the background. What is found stands in the store's standing, too.",
  handle: (call) => {
    const store = storeOf(call);
    return begin(call, "store", "check", ({ signal }) => store.check(signal));
  },
});

const recount = defineRoute({
  ...working,
  ...begun,
  name: "recountStore",
  path: "/v1/store/recount",
  summary: "Make the counts behind summaries anew, of the signals, where they are wrong",
  description: "Who writes waits meanwhile.",
  body: z.strictObject({
    dryRun: z.boolean().default(false).describe("whether it is only said where they are wrong"),
  }),
  handle: (call) => {
    const store = storeOf(call);
    const { dryRun } = call.body;
    return begin(call, "store", "recount", async () => {
      const { tenants } = await store.recount(dryRun);
      return { dryRun, tenants };
    });
  },
});

const recoveries = defineRoute({
  ...reading,
  name: "listRecoveries",
  path: "/v1/store/recoveries",
  summary: "List what was recovered of a damaged store, newest first",
  query: pageQuery,
  answer: { status: 200, schema: pageOf(recoverySchema) },
  handle: (call) => {
    const page = timePage(storeOf(call).recoveries(), ({ at }) => at, call.query);
    return shown(pageOf(recoverySchema), shownPage(page, withoutPlaces), call);
  },
});

function withoutPlaces(report: ReturnType<StoreService["recoveries"]>[number]) {
  const { path: _path, aside: _aside, passedOver, ...said } = report;
  return { ...said, passedOver: passedOver.map(({ why }) => why) };
}

const quarantine = defineRoute({
  ...reading,
  name: "listQuarantine",
  path: "/v1/store/quarantine",
  summary: "List records that could not be taken over, newest first",
  description: "Of all tenants, without secrets.",
  query: pageQuery,
  answer: { status: 200, schema: pageOf(quarantineSchema) },
  problems: [422],
  handle: async (call) => {
    const page = await storeOf(call).quarantine(call.query);
    return shown(
      pageOf(quarantineSchema),
      shownPage(page, (item) => item),
      call,
    );
  },
});

const quarantined = defineRoute({
  ...reading,
  name: "showQuarantined",
  path: "/v1/store/quarantine/{id}",
  summary: "Look at one of them, with all that is kept of it",
  params: z.strictObject({ id: z.string().regex(/^[1-9]\d{0,14}$/, "Must be its number") }),
  answer: { status: 200, schema: quarantinedSchema },
  problems: [404],
  handle: async (call) =>
    shown(quarantinedSchema, await storeOf(call).quarantined(Number(call.params.id)), call),
});

const exported = defineLines({
  ...working,
  name: "exportStore",
  path: "/v1/store/export",
  scope: "store:export",
  summary: "Take the whole store away, of all tenants",
  description:
    "As `agent33 store export` writes it, all of one moment; `agent33 store migrate --from` takes it in. Its last line says that it is whole.",
  answer: { lines: z.looseObject({}).meta({ id: "StoreLine" }) },
  fileName: "store.jsonl",
  admit: requireInstallation,
  write: (call, out) => storeOf(call).exportTo(out),
});

/** What a server cannot do to the store that it works on, by the command that does. */
const alone = { restore: "put a backup in the store's place", recover: "make the store anew" };

const refusals = (["restore", "recover"] as const).map((word) =>
  defineRoute({
    ...working,
    ...begun,
    name: `${word}Store`,
    path: `/v1/store/${word}`,
    summary: `Be told how to ${alone[word]}`,
    description: `Always refused (409, \`store.in_use\`): a server has the store open that this replaces. Stop every server and worker, then run \`agent33 store ${word}\`.`,
    handle: (call) => {
      requireInstallation(call);
      throw new Agent33Error(
        "store.in_use",
        `A server does not ${word} the store that it works on.`,
        {
          hint: `Stop every server, worker and command that uses it, then run \`agent33 store ${word}\`; --dry-run tries it first.`,
        },
      );
    },
  }),
);

/** What is kept, and what keeps it. */
export const storeRoutes: readonly Route[] = [
  standing,
  check,
  backups,
  backUp,
  verify,
  recoveries,
  quarantine,
  quarantined,
  recount,
  exported,
  ...refusals,
  ...operationRoutes("store", { read: "store:read", write: "store:write" }),
];
