import { resolve } from "node:path";
import { z } from "zod";
import { pageOf, pageQuery, timePage, timeQuery } from "../input.ts";
import { requireInstallation } from "../installation.ts";
import { settingsPlaces, shownAs } from "../placeless.ts";
import {
  packetSchemas,
  packetSummary,
  packetSummaryView,
  snapshotSummary,
  snapshotSummaryView,
  standingSchema,
} from "../releases-view.ts";
import { defineRoute, defineText, type Route, type RouteContext } from "../route.ts";

const reading = {
  tag: "releases",
  scope: "releases:read",
  effect: "read",
  method: "GET",
} as const;

/** Evidence is of the repository that the server stands in: who runs the installation sees it. */
async function recordsOf(call: RouteContext) {
  requireInstallation(call);
  // Loaded when it is first asked for: no start waits for it.
  const { releaseRecords } = await import("../../release/records.ts");
  const { cwd } = call.host;
  return releaseRecords(resolve(cwd, call.config.settings.serve.releases), cwd);
}

const shown = <S extends z.ZodType>(form: S, value: unknown, call: RouteContext): z.input<S> =>
  shownAs(form, value, call.host, settingsPlaces(call.config, call.host));

const commit = z
  .string()
  .regex(/^[0-9a-f]{4,64}$/, "Must be a commit's hash, or its beginning")
  .exactOptional();
const snapshotParams = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{12}-[0-9a-f-]{8,64}$/, "Must be a snapshot's id"),
});
const packetParams = z.strictObject({
  id: z
    .string()
    .regex(/^[0-9a-f]{12}$/, "Must be the first twelve digits of a commit")
    .describe("the first twelve digits of its commit"),
});

const snapshots = defineRoute({
  ...reading,
  name: "listReleaseSnapshots",
  path: "/v1/releases/snapshots",
  summary: "List what declared tests came to at commits, newest first",
  description: "Those in the folder `serve.releases`.",
  query: z.strictObject({ ...pageQuery.shape, commit: commit.describe("of this commit") }),
  answer: { status: 200, schema: pageOf(snapshotSummary) },
  handle: async (call) => {
    const { items, damaged } = (await recordsOf(call)).snapshots();
    const { commit: start = "" } = call.query;
    const found = items.filter(({ sealed }) => sealed.body.commit.startsWith(start));
    const page = timePage(found, ({ sealed }) => sealed.body.takenAt, call.query);
    const told = damaged.length === 0 ? {} : { damaged };
    const { nextCursor } = page;
    const listed = { items: page.items.map(snapshotSummaryView), nextCursor, ...told };
    return shown(pageOf(snapshotSummary), listed, call);
  },
});

const snapshot = defineRoute({
  ...reading,
  name: "showReleaseSnapshot",
  path: "/v1/releases/snapshots/{id}",
  summary: "Look at a snapshot with its seal",
  params: snapshotParams,
  answer: { status: 200, schema: packetSchemas.snapshot },
  problems: [404, 422],
  handle: async (call) =>
    shown(packetSchemas.snapshot, (await recordsOf(call)).snapshot(call.params.id), call),
});

const checkedSnapshot = defineRoute({
  ...reading,
  name: "checkReleaseSnapshot",
  path: "/v1/releases/snapshots/{id}/check",
  summary: "See whether a snapshot holds: its seal, and what it says itself",
  params: snapshotParams,
  answer: { status: 200, schema: standingSchema },
  problems: [404, 422],
  handle: async (call) =>
    shown(standingSchema, (await recordsOf(call)).checkSnapshot(call.params.id), call),
});

const packets = defineRoute({
  ...reading,
  name: "listReleasePackets",
  path: "/v1/releases/packets",
  summary: "List review packets of changes, newest first",
  description: "Those in the folder `serve.releases`.",
  query: z.strictObject({
    ...pageQuery.shape,
    head: commit.describe("of this commit"),
    madeAfter: timeQuery.describe("made later; milliseconds since the Unix epoch"),
  }),
  answer: { status: 200, schema: pageOf(packetSummary) },
  handle: async (call) => {
    const { items, damaged } = (await recordsOf(call)).packets();
    const { head: start = "", madeAfter = -1 } = call.query;
    const found = items.filter(
      ({ sealed: { body } }) => body.head.startsWith(start) && body.madeAt > madeAfter,
    );
    const page = timePage(found, ({ sealed }) => sealed.body.madeAt, call.query);
    const told = damaged.length === 0 ? {} : { damaged };
    const { nextCursor } = page;
    const listed = { items: page.items.map(packetSummaryView), nextCursor, ...told };
    return shown(pageOf(packetSummary), listed, call);
  },
});

const packet = defineText({
  ...reading,
  name: "showReleasePacket",
  path: "/v1/releases/packets/{id}",
  summary: "Look at a review packet: as JSON with its seal, or as Markdown",
  params: packetParams,
  query: z.strictObject({
    format: z.enum(["json", "markdown"]).default("json"),
  }),
  answer: {
    forms: { "application/json": packetSchemas.packet, "text/markdown": z.string() },
  },
  problems: [404, 422],
  handle: async (call) => {
    const sealed = (await recordsOf(call)).packet(call.params.id);
    if (call.query.format === "json") {
      return { contentType: "application/json", text: JSON.stringify(sealed) };
    }
    const { packetMarkdown } = await import("../../release/packet-text.ts");
    return { contentType: "text/markdown; charset=utf-8", text: packetMarkdown(sealed) };
  },
});

const checkedPacket = defineRoute({
  ...reading,
  name: "checkReleasePacket",
  path: "/v1/releases/packets/{id}/check",
  summary: "See whether a packet stands, by the evidence that is there",
  description:
    "Its seal, its own problems, and its evidence against the snapshots that are kept. No command is run: `agent33 release packet verify` runs the groups again.",
  params: packetParams,
  answer: { status: 200, schema: standingSchema },
  problems: [404, 422],
  handle: async (call) =>
    shown(standingSchema, (await recordsOf(call)).checkPacket(call.params.id), call),
});

/** Evidence of changes: snapshots and review packets. */
export const releaseRoutes: readonly Route[] = [
  snapshots,
  snapshot,
  checkedSnapshot,
  packets,
  packet,
  checkedPacket,
];
