import { z } from "zod";
import { Agent33Error } from "../base/errors.ts";
import { suggestName } from "../base/nearest.ts";
import { checklistItems, checklistPeriods } from "./checklist-items.ts";
import { actorSchema, idSchema, timeSchema, wordOf } from "./fields.ts";
import { parseRecord } from "./record.ts";
import { storableText } from "./text.ts";

const reference = storableText(1, 200).refine((text) => text.trim() !== "", "Must not be blank");

/** What a checklist is made of. */
export const newChecklistSchema = z.strictObject({
  period: wordOf(checklistPeriods),
  /** Which release, month or quarter: `1.4.0`, `2026-07`, `2026-Q3`. */
  reference,
});
export type NewChecklist = Readonly<z.output<typeof newChecklistSchema>>;

/** A record as it is kept. */
export const checklistSchema = z
  .strictObject({
    id: idSchema,
    tenant: z.string(),
    period: wordOf(checklistPeriods),
    reference,
    /** `complete` when every item is. */
    state: wordOf(["open", "complete"]),
    items: z
      .array(
        z
          .strictObject({
            id: idSchema,
            text: z.string(),
            /** Milliseconds since the Unix epoch, as all times here; null while it is open. */
            completedAt: timeSchema.nullable(),
            completedBy: actorSchema.nullable(),
            notes: storableText(0, 5000),
          })
          .readonly(),
      )
      .readonly(),
    createdAt: timeSchema,
    updatedAt: timeSchema,
  })
  .readonly();
/** What is gone through with each release, month or quarter to make the agents better. */
export type Checklist = z.output<typeof checklistSchema>;
type Item = Checklist["items"][number];

/** How far a checklist is. */
export interface ChecklistEvaluation {
  readonly complete: boolean;
  /** Ids of the items that are open. */
  readonly incomplete: readonly string[];
}

/**
 * A checklist from outside, checked.
 * @throws Agent33Error `learning.bad_checklist` with every problem and its path
 */
export function parseNewChecklist(value: unknown): NewChecklist {
  return parseRecord(newChecklistSchema, value, "checklist");
}

/** How a checklist begins: with every item of its period open. */
export function beginChecklist(
  { period, reference }: NewChecklist,
  { id, tenant, at }: { readonly id: string; readonly tenant: string; readonly at: number },
): Checklist {
  const items = checklistItems[period].map((item): Item => ({ ...item, ...openItem }));
  return { id, tenant, period, reference, state: "open", items, createdAt: at, updatedAt: at };
}

/** What is left to do. */
export function evaluateChecklist({ items }: Pick<Checklist, "items">): ChecklistEvaluation {
  const incomplete = items.filter((item) => item.completedAt === null).map((item) => item.id);
  return { complete: incomplete.length === 0, incomplete };
}

/**
 * The checklist with one item done. An item that was done keeps who did it first.
 * @throws Agent33Error `learning.unknown_item`
 */
export function completeItem(
  checklist: Checklist,
  itemId: string,
  done: { readonly by: string; readonly notes: string; readonly at: number },
): Checklist {
  const { by, notes, at } = done;
  return changeItem(checklist, itemId, at, (item) =>
    item.completedAt === null ? { ...item, completedAt: at, completedBy: by, notes } : item,
  );
}

/**
 * The checklist with one item open again.
 * @throws Agent33Error `learning.unknown_item`
 */
export function reopenItem(checklist: Checklist, itemId: string, at: number): Checklist {
  return changeItem(checklist, itemId, at, (item) =>
    item.completedAt === null ? item : { ...item, ...openItem },
  );
}

const openItem = { completedAt: null, completedBy: null, notes: "" } as const;

/** The same checklist where nothing changes. */
function changeItem(
  checklist: Checklist,
  itemId: string,
  at: number,
  change: (item: Item) => Item,
): Checklist {
  const index = checklist.items.findIndex(({ id }) => id === itemId);
  const item = checklist.items[index];
  if (item === undefined) throw unknownItem(checklist, itemId);
  const changed = change(item);
  if (changed === item) return checklist;
  const items = checklist.items.with(index, changed);
  const state = evaluateChecklist({ items }).complete ? "complete" : "open";
  return { ...checklist, items, state, updatedAt: at };
}

function unknownItem({ id, items }: Checklist, itemId: string): Agent33Error {
  const known = items.map((item) => item.id);
  return new Agent33Error("learning.unknown_item", `Checklist ${id} has no item "${itemId}".`, {
    hint: suggestName(itemId, known),
    details: { id, itemId, items: known },
  });
}
