import type { Clock } from "../../base/clock.ts";
import { Agent33Error } from "../../base/errors.ts";
import type { TakenIntake } from "../../learning/legacy-intake.ts";
import type { TakenSignal } from "../../learning/legacy-signal.ts";
import { change, first, type Program } from "../program.ts";
import { intakesRepository } from "../repositories/intakes.ts";
import { signalsRepository } from "../repositories/signals.ts";
import type { LegacyCounts, LegacyRecords, LegacyState } from "./legacy-state.ts";
import { type Quarantined, setAside } from "./quarantine.ts";
import { type SetAside, withMore } from "./report.ts";

interface Found {
  readonly place: string;
  readonly tenant: string;
  /** The first bytes of it. */
  readonly bytes: Uint8Array;
  /** Where it ends in the source. */
  readonly end: number;
}

/** Something of the source that is to be taken over or set aside. */
export type Item = Found &
  (
    | { readonly kind: "bad"; readonly reason: string }
    | { readonly kind: "repeated"; readonly of: "signals" | "intakes" }
    | { readonly kind: "intakes"; readonly record: TakenIntake; readonly naive: boolean }
    | {
        readonly kind: "signals";
        readonly record: TakenSignal;
        readonly naive: boolean;
        /** Whether the source has the intake that the record names. */
        readonly hasIntake: boolean;
      }
  );

/** Takes records into the store, each for its tenant. */
export interface LegacyWriter {
  /** Writes a batch and returns the state with it. */
  write(
    before: LegacyState,
    items: readonly Item[],
    how: { readonly source: string; readonly dryRun: boolean },
  ): Program<LegacyState>;
}

export function createLegacyWriter(clock: Clock): LegacyWriter {
  const made = new Map<string, ReturnType<typeof repositoriesOf>>();
  const repositories = (tenant: string) => {
    const known = made.get(tenant) ?? repositoriesOf(tenant, clock);
    made.set(tenant, known);
    return known;
  };

  function* writeSignal(item: Item & { readonly kind: "signals" }): Program<SignalOutcome> {
    const { tenant, record } = item;
    const intakeId = yield* knownIntake(tenant, item);
    const dangling = intakeId === null && record.intakeId !== null;
    const { signals } = repositories(tenant);
    const inserted = yield* signals.insertMigrated.program({ ...record, intakeId });
    if (!inserted && intakeId !== null) {
      // It came without its intake earlier, when that was damaged, say.
      yield* change(
        `UPDATE signals SET intake_id = ? WHERE tenant = ? AND id = ? AND intake_id IS NULL
           AND provenance = 'migrated'`,
        intakeId,
        tenant,
        record.id,
      );
    }
    return { inserted, dangling };
  }
  function* foreseeSignal(item: Item & { readonly kind: "signals" }): Program<SignalOutcome> {
    const { tenant, record } = item;
    const dangling = record.intakeId !== null && (yield* knownIntake(tenant, item)) === null;
    return { inserted: !(yield* has("signals", tenant, record.id)), dangling };
  }

  return {
    *write(before, items, { source, dryRun }) {
      const { report } = before;
      const counts = { signals: { ...report.signals }, intakes: { ...report.intakes } };
      let withoutZone = report.withoutZone;
      const bad: Quarantined[] = [];
      const dangling: SetAside[] = [];
      for (const item of items) {
        if (item.kind === "bad") {
          bad.push({ ...item, content: item.bytes });
          continue;
        }
        if (item.kind === "repeated") {
          counts[item.of].read += 1;
          counts[item.of].repeated += 1;
          continue;
        }
        const { tenant, record } = item;
        let inserted: boolean;
        if (item.kind === "intakes") {
          inserted = dryRun
            ? !(yield* has("intakes", tenant, record.id))
            : yield* repositories(tenant).intakes.insertMigrated.program(item.record);
        } else {
          const outcome = yield* dryRun ? foreseeSignal(item) : writeSignal(item);
          inserted = outcome.inserted;
          const reason = `there is no intake ${item.record.intakeId}`;
          if (outcome.dangling) dangling.push({ place: `signal ${record.id}`, reason });
        }
        count(counts[item.kind], inserted);
        withoutZone += item.naive ? 1 : 0;
      }
      if (!dryRun) yield* setAside(source, bad, clock.now());
      const offset = items.at(-1)?.end ?? before.position.offset;
      return {
        position: { ...before.position, offset },
        report: {
          ...counts,
          withoutZone,
          quarantined: added(
            report.quarantined,
            bad.map(({ place, reason }) => ({ place, reason })),
          ),
          dangling: added(report.dangling, dangling),
        },
      };
    },
  };
}

interface SignalOutcome {
  readonly inserted: boolean;
  /** It names an intake that is neither in the source nor in the store. */
  readonly dangling: boolean;
}

function count(records: LegacyRecords, inserted: boolean): void {
  records.read += 1;
  if (inserted) records.kept += 1;
  else records.thereAlready += 1;
}

function added(tally: LegacyCounts["dangling"], more: readonly SetAside[]) {
  const { count, first } = withMore(tally, more);
  return { count, first: [...first] };
}

function repositoriesOf(tenant: string, clock: Clock) {
  const context = { tenant, clock, ids: noIds };
  return { signals: signalsRepository(context), intakes: intakesRepository(context) };
}

/** Records that are taken over keep the ids that they have. */
function noIds(): never {
  throw new Agent33Error("internal.unexpected", "A record that was taken over asked for a new id.");
}

function* knownIntake(
  tenant: string,
  { record, hasIntake }: Item & { readonly kind: "signals" },
): Program<string | null> {
  const { intakeId } = record;
  if (intakeId === null || hasIntake) return intakeId;
  return (yield* has("intakes", tenant, intakeId)) ? intakeId : null;
}

function* has(table: "signals" | "intakes", tenant: string, id: string): Program<boolean> {
  const text = `SELECT 1 AS there FROM ${table} WHERE tenant = ? AND id = ?`;
  return (yield* first(text, tenant, id)) !== undefined;
}
