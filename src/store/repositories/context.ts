import type { Clock } from "../../base/clock.ts";
import type { IdSource } from "../../base/ids.ts";

/** What every repository is made for. Each statement of one names its tenant. */
export interface RepositoryContext {
  readonly tenant: string;
  readonly clock: Clock;
  readonly ids: IdSource;
}
