/** What the doors may use besides the engine itself. */
export {
  type AuditCheck,
  type AuditCheckRequest,
  checkAuditFile,
  exportAuditTo,
} from "./audit.ts";
export { examine as examineMachine } from "./doctor.ts";
export { spendDimensions, spendSteps } from "../observability/spend/spend.ts";
export { acceptedForm } from "../observability/metrics/form.ts";
export { budgetStandings, budgetUses } from "./budget-uses.ts";
export { budgetPeriods, budgetScopes } from "../boundary/standing-budgets.ts";
export { elicitationRule } from "../connectors/mcp/person.ts";
export { handoffText } from "../context/handoff.ts";
export { planLines } from "../context/record.ts";
export {
  type Elicitation,
  type ElicitationAnswer,
  elicitationIn,
  fieldsOf,
} from "./elicitation.ts";
export {
  type AgentListing,
  type AgentListings,
  checkAgent,
  listAgents,
  readAgent,
} from "./agents.ts";
export {
  checkSkills,
  listSkillEntries,
  pinSkills,
  showSkillEntry,
  type SkillCheck,
} from "./skill-admin.ts";
export { planAdditions, removeSkill, type SkillAddition } from "./skill-changes.ts";
export { entryNamed, type SkillEntry } from "../skills/registry.ts";
export { formatSkillNotice } from "../skills/skill.ts";
export type { Lineage } from "./lineage.ts";
export { type LineageStep, stepBases, stepKinds } from "../observability/lineage/step.ts";
export type { RetentionReport } from "./retention.ts";
export type { InventoryCheck, InventoryItem } from "./inventory.ts";
export type { SkillMatch } from "../skills/matching/match-result.ts";
export type { ModelCheck, ModelStanding } from "./models.ts";
export type { McpInspection } from "./mcp-admin.ts";
export {
  explainPolicy,
  hasStore,
  type PolicyAnswer,
  type PolicyQuestion,
} from "./policy-explain.ts";
export { explanationText } from "../boundary/policy/index.ts";
export {
  lintPolicy,
  type PolicyLint,
  type PolicyTestReport,
  testPolicy,
} from "./policy-tools.ts";
export {
  pairOf,
  pairPolicies,
  type PolicyPair,
  replayExport,
  replayStore,
} from "./policy-diff.ts";
export { importPolicy, type PolicySource } from "./policy-import.ts";
export type { RuleChanges } from "../boundary/policy/tools/rule-changes.ts";
export type { ReplayReport } from "../boundary/policy/tools/replay.ts";
export { unreplayable } from "../boundary/policy/tools/recorded-call.ts";
export { sarifReport } from "../boundary/policy/tools/sarif.ts";
export {
  copyPlaces,
  type CopyReport,
  exportPlace,
  type ExportReport,
  moveIn,
  type MoveInReport,
  recountPlace,
  type RecountReport,
  type StoreStatus,
  storeStatus,
} from "./store-admin.ts";
export {
  type BackupList,
  backUpStore,
  listStoreBackups,
  type MadeBackup,
  restoreFromBackup,
  type RestoreReport,
  type Verified,
  verifyBackups,
} from "./store-backup.ts";
export {
  type RecoveryReport,
  listSettingsRecoveries,
  recoverSettingsStore,
} from "./store-recover.ts";
export {
  listQuarantine,
  type QuarantineItem,
  showQuarantined,
} from "./store-quarantine.ts";
export { upgradePlace, type UpgradeReport } from "./store-upgrade.ts";
export { applyEgressGuard } from "./grants.ts";
export { thisHost } from "./host.ts";
export {
  type EgressGrant,
  type EgressGrantRequest,
  type EgressScope,
  grantEgress,
  installEgressGuard,
} from "../boundary/egress/guard.ts";
export type { Boundary } from "../boundary/boundary.ts";
export { BoundaryError, isBoundaryError } from "../boundary/errors.ts";
export type {
  CallContext,
  CallFacts,
  CallOptions,
  CallOutcome,
  CallRecord,
  CallStream,
  ConnectorSpec,
} from "../boundary/types.ts";
export type { Connector, Explanation } from "../boundary/connector.ts";
export type { JobOutcome, JobRunRequest } from "./jobs.ts";
export { type JobListing, listJobs, listTasks, type TaskListing } from "./job-lists.ts";
export type { JobEvent, TrialNews } from "../evaluation/jobs/job-events.ts";
export { skillArms } from "../evaluation/attempts/attempt.ts";
export { environmentKinds } from "../evaluation/environments/environment.ts";
export { agentKey } from "../evaluation/jobs/matrix.ts";
export { conditionName, passedOf, rewardOf } from "../evaluation/trials/trial.ts";
export type { AgentSpec } from "../evaluation/jobs/job-config.ts";
export { alertFiles, alertPlan } from "./alert-files.ts";
export type { AlertDetails, AlertReach, Alerts } from "./alerts.ts";
export { type Alert, valueText as alertValueText } from "../observability/alerts/alert.ts";
export { type ActiveRule, runbookAddress } from "../observability/alerts/rule.ts";
export { spanText } from "../observability/alerts/expression.ts";
export type { AlertSilence } from "../store/repositories/alert-records.ts";
