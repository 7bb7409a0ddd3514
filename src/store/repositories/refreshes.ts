import {
  completeRefresh,
  type NewRefresh,
  planRefresh,
  type Refresh,
  type RefreshScope,
  type RefreshState,
  refreshSchema,
} from "../../learning/refresh.ts";
import type { Page, PageRequest } from "../pages.ts";
import { type Program, read, write } from "../program.ts";
import type { RepositoryContext } from "./context.ts";
import { type DocumentTable, documentsOf } from "./documents.ts";
import { newId, type OnceOptions } from "./made-once.ts";

/** Which refreshes to list. */
export interface RefreshFilter extends PageRequest {
  readonly scope?: RefreshScope;
  readonly state?: RefreshState;
}

const refreshTable: DocumentTable<Refresh> = {
  table: "roadmap_refreshes",
  entity: "refresh",
  kind: {
    noun: "refresh",
    unknownCode: "learning.unknown_refresh",
    listCommand: "agent33 learn refreshes list",
  },
  schema: refreshSchema,
  columns: { scope: "scope", state: "state", created_at: "createdAt", updated_at: "updatedAt" },
};

/** Looks at the roadmap in the light of what was learned. */
export function refreshesRepository({ tenant, clock, ids }: RepositoryContext) {
  const documents = documentsOf(tenant, refreshTable);
  return {
    /** @throws Agent33Error `learning.bad_refresh`, `learning.key_reused` */
    create: write(function* (refresh: NewRefresh, once: OnceOptions = {}): Program<Refresh> {
      const place = newId("RMR", ids, once, refresh);
      const known = yield* documents.madeBefore(place);
      if (known !== undefined) return known;
      const made = planRefresh(refresh, { id: place.id, tenant, at: clock.now() });
      yield* documents.insert(made);
      return made;
    }),
    get: read(documents.get),
    /**
     * The refresh whose id begins with `prefix`.
     * @throws Agent33Error `learning.unknown_refresh`, `store.ambiguous_id`
     */
    find: read(documents.find),
    /** Newest first. @throws Agent33Error `store.bad_cursor` */
    list: read(function* (filter: RefreshFilter = {}): Program<Page<Refresh>> {
      return yield* documents.list(filter, { scope: filter.scope, state: filter.state });
    }),
    /**
     * @param changes what changed on the roadmap, one by one
     * @throws Agent33Error `learning.unknown_refresh`, `learning.bad_refresh`,
     *   `learning.refresh_complete` the second time
     */
    complete: write(function* (
      id: string,
      outcome: string,
      changes: readonly string[],
      by: string,
    ): Program<Refresh> {
      return yield* documents.changeOne(id, (found) =>
        completeRefresh(found, { outcome, changes, by, at: clock.now() }),
      );
    }),
  };
}
