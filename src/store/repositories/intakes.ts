import type { QualityLabel } from "../../learning/quality.ts";
import {
  type Intake,
  type IntakeRecord,
  type IntakeUpdate,
  intakeRecordSchema,
  type NewIntake,
  type ResearchType,
  type Urgency,
} from "../../learning/intake.ts";
import {
  automaticIntake,
  type IntakeDecision,
  moveIntake,
  submitIntake,
  updateIntake,
} from "../../learning/intake-life.ts";
import type { SignalIntake } from "../../learning/intake-rules.ts";
import type { IntakeState } from "../../learning/intake-state.ts";
import type { Page, PageRequest } from "../pages.ts";
import { lock, type Program, read, rows, write } from "../program.ts";
import type { RepositoryContext } from "./context.ts";
import { badRow } from "../damage.ts";
import { type DocumentTable, documentsOf } from "./documents.ts";
import { newId, type OnceOptions } from "./made-once.ts";
import { signalsRepository } from "./signals.ts";

/** Which intakes to list. */
export interface IntakeFilter extends PageRequest {
  readonly state?: IntakeState;
  readonly researchType?: ResearchType;
  readonly urgency?: Urgency;
  readonly automatic?: boolean;
}

/** What a signal says about its intake, and how good the signal is. */
export interface AutomaticIntake extends SignalIntake {
  readonly quality: { readonly score: number; readonly label: QualityLabel };
}

/** An intake of another store, with the id, times, state and history that it had there. */
export type MigratedIntake = Omit<IntakeRecord, "tenant">;

const intakeTable: DocumentTable<IntakeRecord> = {
  table: "intakes",
  entity: "intake",
  kind: {
    noun: "intake",
    unknownCode: "learning.unknown_intake",
    listCommand: "agent33 learn intakes list",
  },
  schema: intakeRecordSchema,
  columns: {
    state: "disposition.state",
    research_type: "classification.researchType",
    urgency: "classification.urgency",
    priority: "relevance.priority",
    automatic: "automatic",
    submitted_at: "submittedAt",
    updated_at: "updatedAt",
  },
  flags: ["automatic"],
};

/** What is to be looked into and decided on. */
export function intakesRepository(context: RepositoryContext) {
  const { tenant, clock, ids } = context;
  const documents = documentsOf(tenant, intakeTable);
  const signals = signalsRepository(context);

  /** Makes the intake and links the signals, each of which others wait for. */
  function* make(record: IntakeRecord, signalIds: readonly string[]): Program<Intake> {
    // In one order, or two transactions could each wait for the other's lock.
    const sorted = [...new Set(signalIds)].sort();
    for (const id of sorted) yield* lock("signal", tenant, id);
    yield* documents.insert(record);
    for (const id of sorted) yield* signals.link.program(id, record.id);
    return yield* withSignals(record);
  }

  function* withSignals(record: IntakeRecord): Program<Intake> {
    const [intake] = yield* allWithSignals([record]);
    return intake ?? { ...record, signalIds: [] };
  }

  function* allWithSignals(records: readonly IntakeRecord[]): Program<readonly Intake[]> {
    if (records.length === 0) return [];
    const found = yield* rows(
      `SELECT intake_id, id FROM signals
       WHERE tenant = ? AND intake_id IN (${records.map(() => "?").join(", ")}) ORDER BY seq`,
      tenant,
      ...records.map(({ id }) => id),
    );
    const byIntake = Map.groupBy(found, (row) => row["intake_id"]);
    return records.map((record) => ({
      ...record,
      signalIds: (byIntake.get(record.id) ?? []).map((row) => String(row["id"])),
    }));
  }

  return {
    /**
     * Submits an intake about these signals.
     * @throws Agent33Error `learning.bad_intake`, `learning.unknown_signal`,
     *   `learning.signal_linked` for one that has another intake, `learning.key_reused`; then
     *   nothing is made
     */
    create: write(function* (
      intake: NewIntake,
      { signalIds = [], ...once }: OnceOptions & { readonly signalIds?: readonly string[] } = {},
    ): Program<Intake> {
      const place = newId("RI", ids, once, { intake, signalIds });
      const known = yield* documents.madeBefore(place);
      if (known !== undefined) return yield* withSignals(known);
      const made = { id: place.id, tenant, at: clock.now(), automatic: false, quality: null };
      return yield* make(submitIntake(intake, made), signalIds);
    }),
    /**
     * The intake of a signal, made unless it has one.
     * @throws Agent33Error `learning.bad_intake`, `learning.unknown_signal`
     */
    createAutomatic: write(function* (
      intake: AutomaticIntake,
      signalId: string,
    ): Program<{ readonly intake: Intake; readonly made: boolean }> {
      yield* lock("signal", tenant, signalId);
      const signal = yield* signals.get.program(signalId);
      if (signal !== undefined && signal.intakeId !== null) {
        const known = yield* documents.get(signal.intakeId);
        if (known === undefined) {
          throw badRow("signals", signalId, `there is no intake ${signal.intakeId}`);
        }
        return { intake: yield* withSignals(known), made: false };
      }
      const { score, label } = intake.quality;
      const record = submitIntake(automaticIntake(intake, signalId), {
        id: `RI-${ids()}`,
        tenant,
        at: clock.now(),
        automatic: true,
        quality: { score, label },
      });
      return { intake: yield* make(record, [signalId]), made: true };
    }),
    /**
     * Takes over an intake of another store; its signals name it themselves. False, and nothing is
     * changed, where its id is known.
     * @throws Agent33Error `learning.bad_intake`
     */
    insertMigrated: write(function* (intake: MigratedIntake): Program<boolean> {
      return (yield* documents.insert({ ...intake, tenant })) !== undefined;
    }),
    get: read(function* (id: string): Program<Intake | undefined> {
      const found = yield* documents.get(id);
      return found === undefined ? undefined : yield* withSignals(found);
    }),
    /**
     * The intake whose id begins with `prefix`.
     * @throws Agent33Error `learning.unknown_intake`, `store.ambiguous_id`
     */
    find: read(function* (prefix: string): Program<Intake> {
      return yield* withSignals(yield* documents.find(prefix));
    }),
    /** Newest first. @throws Agent33Error `store.bad_cursor` */
    list: read(function* (filter: IntakeFilter = {}): Program<Page<Intake>> {
      const { state, researchType, urgency, automatic } = filter;
      const page = yield* documents.list(filter, {
        state,
        research_type: researchType,
        urgency,
        automatic: automatic === undefined ? undefined : Number(automatic),
      });
      return { ...page, items: yield* allWithSignals(page.items) };
    }),
    /**
     * @param to what somebody asks for; any text
     * @throws Agent33Error `learning.unknown_intake`, `learning.bad_transition` naming the states
     *   that are allowed, `learning.bad_intake`
     */
    transition: write(function* (
      id: string,
      to: string,
      by: string,
      decision: IntakeDecision = {},
    ): Program<Intake> {
      const moved = yield* documents.changeOne(id, (found) =>
        moveIntake(found, to, by, clock.now(), decision),
      );
      return yield* withSignals(moved);
    }),
    /** @throws Agent33Error `learning.unknown_intake`, `learning.bad_intake` */
    update: write(function* (id: string, update: IntakeUpdate): Program<Intake> {
      const updated = yield* documents.changeOne(id, (found) =>
        updateIntake(found, update, clock.now()),
      );
      return yield* withSignals(updated);
    }),
  };
}
