import { Agent33Error } from "../../base/errors.ts";
import {
  beginChecklist,
  type Checklist,
  type ChecklistEvaluation,
  checklistSchema,
  completeItem,
  evaluateChecklist,
  type NewChecklist,
  parseNewChecklist,
  reopenItem,
} from "../../learning/checklist.ts";
import type { ChecklistPeriod } from "../../learning/checklist-items.ts";
import type { Page, PageRequest } from "../pages.ts";
import { lock, type Program, read, write } from "../program.ts";
import type { RepositoryContext } from "./context.ts";
import { type DocumentTable, documentsOf } from "./documents.ts";

/** Which checklists to list. */
export interface ChecklistFilter extends PageRequest {
  readonly period?: ChecklistPeriod;
  readonly state?: Checklist["state"];
}

const checklistTable: DocumentTable<Checklist> = {
  table: "checklists",
  entity: "checklist",
  kind: {
    noun: "checklist",
    unknownCode: "learning.unknown_checklist",
    listCommand: "agent33 learn checklists list",
  },
  schema: checklistSchema,
  columns: {
    period: "period",
    reference: "reference",
    state: "state",
    created_at: "createdAt",
    updated_at: "updatedAt",
  },
};

/** What is gone through with each release, month and quarter. */
export function checklistsRepository({ tenant, clock, ids }: RepositoryContext) {
  const documents = documentsOf(tenant, checklistTable);
  return {
    /**
     * @throws Agent33Error `learning.checklist_exists` for a period and reference that have one,
     *   `learning.bad_checklist`
     */
    create: write(function* (given: NewChecklist): Program<Checklist> {
      // Before the database is asked: not every one takes every text.
      const checklist = parseNewChecklist(given);
      const { period, reference } = checklist;
      yield* lock("checklist", tenant, period, reference);
      const known = yield* documents.newest({ period, reference });
      if (known !== undefined) throw exists(known);
      const made = beginChecklist(checklist, { id: `CKL-${ids()}`, tenant, at: clock.now() });
      yield* documents.insert(made);
      return made;
    }),
    get: read(documents.get),
    /**
     * The checklist whose id begins with `prefix`.
     * @throws Agent33Error `learning.unknown_checklist`, `store.ambiguous_id`
     */
    find: read(documents.find),
    /** Newest first. @throws Agent33Error `store.bad_cursor` */
    list: read(function* (filter: ChecklistFilter = {}): Program<Page<Checklist>> {
      return yield* documents.list(filter, { period: filter.period, state: filter.state });
    }),
    /**
     * Ticks an item off. One that is done keeps who did it first.
     * @throws Agent33Error `learning.unknown_checklist`, `learning.unknown_item`,
     *   `learning.bad_checklist`
     */
    complete: write(function* (
      id: string,
      itemId: string,
      by: string,
      notes: string = "",
    ): Program<Checklist> {
      return yield* documents.changeOne(id, (found) =>
        completeItem(found, itemId, { by, notes, at: clock.now() }),
      );
    }),
    /** @throws Agent33Error `learning.unknown_checklist`, `learning.unknown_item` */
    reopen: write(function* (id: string, itemId: string): Program<Checklist> {
      return yield* documents.changeOne(id, (found) => reopenItem(found, itemId, clock.now()));
    }),
    /** What is left to do; undefined where there is no such checklist. */
    evaluate: read(function* (id: string): Program<ChecklistEvaluation | undefined> {
      const found = yield* documents.get(id);
      return found === undefined ? undefined : evaluateChecklist(found);
    }),
  };
}

function exists({ id, period, reference }: Checklist): Agent33Error {
  return new Agent33Error(
    "learning.checklist_exists",
    `There is a ${period} checklist for "${reference}" already: ${id}.`,
    { hint: `Go on with ${id}, or name another reference.`, details: { id, period, reference } },
  );
}
