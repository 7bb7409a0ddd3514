import type { Clock } from "../../base/clock.ts";
import { Agent33Error } from "../../base/errors.ts";
import type { IdSource } from "../../base/ids.ts";
import { problemsOf } from "../../learning/problems.ts";
import { storableText } from "../../learning/text.ts";

/** What every repository is made for. Each statement of one names its tenant. */
export interface RepositoryContext {
  readonly tenant: string;
  readonly clock: Clock;
  readonly ids: IdSource;
  /** Where runs' logs end, for a store that can know it without a look. */
  readonly logEnds?: LogEnds;
}

/** What is known of where runs' logs end. Only to be asked and told within a write transaction. */
export interface LogEnds {
  /** The last place in a run's log; undefined where that has to be looked up. */
  endOf(tenant: string, runId: string): number | undefined;
  /** It was written up to there. */
  writtenTo(tenant: string, runId: string, seq: number): void;
}

const tenantSchema = storableText(1, 200);

/**
 * Refuses a name that not every backend can hold.
 * @throws Agent33Error `store.bad_tenant`
 */
export function checkTenant(tenant: string): void {
  const { error } = tenantSchema.safeParse(tenant);
  if (error === undefined) return;
  throw new Agent33Error(
    "store.bad_tenant",
    `The name of a tenant is malformed: ${problemsOf(error).join("; ")}.`,
    {
      hint: "Correct the setting `tenant` (AGENT33_TENANT), or the name that the caller gives.",
      details: { tenant },
    },
  );
}
