import { alertsCases } from "./alerts.cases.ts";
import { apiKeysCases } from "./api-keys.cases.ts";
import { approvalsCases } from "./approvals.cases.ts";
import { auditChainCases } from "./audit-chain.cases.ts";
import { auditCases } from "./audit.cases.ts";
import { backendCases } from "./backend.cases.ts";
import { breakersCases } from "./breakers.cases.ts";
import { budgetsCases } from "./budgets.cases.ts";
import { checklistsCases } from "./checklists.cases.ts";
import { concurrencyCases } from "./concurrency.cases.ts";
import { idempotencyCases } from "./idempotency.cases.ts";
import { intakesCases } from "./intakes.cases.ts";
import { learnedRunsCases } from "./learned-runs.cases.ts";
import { learningOverviewCases } from "./learning-overview.cases.ts";
import { lessonsCases } from "./lessons.cases.ts";
import { lookupCases } from "./lookups.cases.ts";
import { metricsCases } from "./metrics.cases.ts";
import { refreshesCases } from "./refreshes.cases.ts";
import { limitUsesCases } from "./limit-uses.cases.ts";
import { routedRunsCases } from "./routed-runs.cases.ts";
import { runLogCases } from "./run-log.cases.ts";
import { runsCases } from "./runs.cases.ts";
import { signalsCases } from "./signals.cases.ts";
import type { CaseLists } from "./suite.cases.ts";
import { summaryCases } from "./summary.cases.ts";
import { tenantsCases } from "./tenants.cases.ts";

/** Everything that a backend must do. Each one's test runs exactly this list. */
export const allCases: CaseLists = {
  backend: backendCases,
  runs: runsCases,
  "run log": runLogCases,
  "routed runs": routedRunsCases,
  audit: auditCases,
  "audit chain": auditChainCases,
  approvals: approvalsCases,
  idempotency: idempotencyCases,
  signals: signalsCases,
  summary: summaryCases,
  "learned runs": learnedRunsCases,
  budgets: budgetsCases,
  breakers: breakersCases,
  "limit uses": limitUsesCases,
  checklists: checklistsCases,
  intakes: intakesCases,
  lessons: lessonsCases,
  metrics: metricsCases,
  refreshes: refreshesCases,
  "learning overview": learningOverviewCases,
  "api keys": apiKeysCases,
  alerts: alertsCases,
  tenants: tenantsCases,
  lookups: lookupCases,
  concurrency: concurrencyCases,
};
