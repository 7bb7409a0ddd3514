import { z } from "zod";
import { Agent33Error } from "../base/errors.ts";
import { actorSchema, idSchema, textsSchema, timeSchema, wordOf } from "./fields.ts";
import { parseRecord } from "./record.ts";
import { storableText } from "./text.ts";

/** How much of the roadmap is looked at again. `ad_hoc` is one that no plan foresaw. */
export const refreshScopes = ["micro", "minor", "major", "ad_hoc"] as const;
export type RefreshScope = (typeof refreshScopes)[number];

export const refreshStates = ["planned", "complete"] as const;
export type RefreshState = (typeof refreshStates)[number];

const fields = {
  scope: wordOf(refreshScopes),
  title: storableText(1, 500).refine((text) => text.trim() !== "", "Must not be blank"),
  reason: storableText(0, 5000),
  participants: textsSchema(100, 200),
};

/** What a refresh is made of. Lengths are in UTF-16 units. */
export const newRefreshSchema = z.strictObject({
  ...fields,
  reason: fields.reason.default(""),
  participants: fields.participants.default([]),
});
export type NewRefresh = Readonly<z.output<typeof newRefreshSchema>>;

/** A record as it is kept. */
export const refreshSchema = z
  .strictObject({
    id: idSchema,
    tenant: z.string(),
    ...fields,
    state: wordOf(refreshStates),
    /** What came of it; null until it is complete. */
    outcome: storableText(1, 10_000).nullable(),
    /** What changed on the roadmap, one by one. */
    changes: textsSchema(500, 2000),
    /** Milliseconds since the Unix epoch, as all times here. */
    createdAt: timeSchema,
    completedAt: timeSchema.nullable(),
    completedBy: actorSchema.nullable(),
    updatedAt: timeSchema,
  })
  .readonly();
/** A look at the roadmap in the light of what was learned. */
export type Refresh = z.output<typeof refreshSchema>;

/**
 * A refresh from outside, checked.
 * @throws Agent33Error `learning.bad_refresh` with every problem and its path
 */
export function parseNewRefresh(value: unknown): NewRefresh {
  return parseRecord(newRefreshSchema, value, "refresh");
}

/** How a refresh begins. */
export function planRefresh(
  refresh: NewRefresh,
  { id, tenant, at }: { readonly id: string; readonly tenant: string; readonly at: number },
): Refresh {
  return {
    ...refresh,
    id,
    tenant,
    state: "planned",
    outcome: null,
    changes: [],
    createdAt: at,
    completedAt: null,
    completedBy: null,
    updatedAt: at,
  };
}

/**
 * The refresh as it ended.
 * @throws Agent33Error `learning.refresh_complete` the second time
 */
export function completeRefresh(
  refresh: Refresh,
  end: {
    readonly outcome: string;
    readonly changes: readonly string[];
    readonly by: string;
    readonly at: number;
  },
): Refresh {
  if (refresh.state === "complete") throw alreadyComplete(refresh);
  const { outcome, changes, by, at } = end;
  return {
    ...refresh,
    state: "complete",
    outcome,
    changes,
    completedAt: at,
    completedBy: by,
    updatedAt: at,
  };
}

function alreadyComplete({ id, completedBy }: Refresh): Agent33Error {
  return new Agent33Error(
    "learning.refresh_complete",
    `Refresh ${id} was completed by ${completedBy ?? "somebody"} already.`,
    { hint: "Plan a new refresh for what came up since.", details: { id } },
  );
}
