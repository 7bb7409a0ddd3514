/** How often a checklist is gone through. */
export const checklistPeriods = ["per_release", "monthly", "quarterly"] as const;
export type ChecklistPeriod = (typeof checklistPeriods)[number];

export interface ChecklistItem {
  readonly id: string;
  readonly text: string;
}

/**
 * What is looked at in each period. A checklist takes a copy, so that a later wording does not
 * change what was ticked off.
 */
export const checklistItems: Readonly<Record<ChecklistPeriod, readonly ChecklistItem[]>> = {
  per_release: [
    {
      id: "CI-01",
      text: "Every signal since the last release is triaged: resolved, dismissed, or in an intake.",
    },
    {
      id: "CI-02",
      text: "Evaluation ran against the last release, and each task that got worse has a cause or an owner.",
    },
    {
      id: "CI-03",
      text: "What went wrong and what went well in this release is recorded as lessons with actions.",
    },
    {
      id: "CI-04",
      text: "The documentation says what the release does: commands, settings, error codes and examples were tried.",
    },
    {
      id: "CI-05",
      text: "Budgets, alert rules and policy packs fit the release; a change in them has a reason.",
    },
  ],
  monthly: [
    {
      id: "CI-06",
      text: "Accepted intakes have a place in the backlog, and deferred ones were looked at again.",
    },
    {
      id: "CI-07",
      text: "A snapshot of the improvement metrics is taken, and each one that declines has an explanation.",
    },
    {
      id: "CI-08",
      text: "Open actions of lessons have an owner and a day, and the overdue ones were spoken about.",
    },
    {
      id: "CI-09",
      text: "The most frequent failures of agents were read in their run logs, not only counted.",
    },
    {
      id: "CI-10",
      text: "Approvals and denials were looked through for rules that ask too often or too rarely.",
    },
  ],
  quarterly: [
    {
      id: "CI-11",
      text: "The roadmap was refreshed with what intakes, lessons and metrics of the quarter say.",
    },
    {
      id: "CI-12",
      text: "The evaluation set still looks like the real work: stale tasks are out, new failures are in.",
    },
    {
      id: "CI-13",
      text: "Models, tools, skills and servers in use were compared with what else there is.",
    },
    {
      id: "CI-14",
      text: "A backup was restored and read, and the store was checked, on a machine that is not the usual one.",
    },
    {
      id: "CI-15",
      text: "Access, secrets and policy of each agent were cut back to what it needs.",
    },
  ],
};
