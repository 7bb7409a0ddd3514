import { z } from "zod";
import { Agent33Error } from "../../base/errors.ts";
import { problemsOf } from "../../learning/problems.ts";
import { storableText } from "../../learning/text.ts";
import { change, first, lock, type Program, read, rows, type SqlRow, write } from "../program.ts";
import type { RepositoryContext } from "./context.ts";

/** What is limited, with its unit: whole micro-USD, tokens, calls, milliseconds. */
export const budgetQuantities = ["costMicroUsd", "tokens", "calls", "milliseconds"] as const;
export type BudgetQuantity = (typeof budgetQuantities)[number];

/** Whole amounts from 0; what is not named is nothing. */
export type BudgetAmounts = Readonly<Partial<Record<BudgetQuantity, number>>>;

/** What is set aside of a hard limit and what was used, over all processes. */
export interface Budget {
  readonly id: string;
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number;
  /** What has no limit is not named. */
  readonly limits: BudgetAmounts;
  readonly used: Readonly<Record<BudgetQuantity, number>>;
}

/** Whether what was asked for is set aside; if not, the first limit that is in the way. */
export type Draw =
  | { readonly granted: true }
  | {
      readonly granted: false;
      readonly limit: BudgetQuantity;
      readonly allowed: number;
      readonly used: number;
    };

const columnOf: Readonly<Record<BudgetQuantity, string>> = {
  costMicroUsd: "micro_usd",
  tokens: "tokens",
  calls: "calls",
  milliseconds: "ms",
};
const columns = budgetQuantities.map((quantity) => columnOf[quantity]);
/** Without a limit, what is used must still be a number that JavaScript can hold. */
const most = Number.MAX_SAFE_INTEGER;

const idSchema = storableText(1, 200);
const amountSchema = z.int().min(0).exactOptional();
const amountsSchema = z.strictObject({
  costMicroUsd: amountSchema,
  tokens: amountSchema,
  calls: amountSchema,
  milliseconds: amountSchema,
});

const drawText = `UPDATE budgets
  SET ${columns.map((name) => `used_${name} = used_${name} + ?`).join(", ")}
  WHERE tenant = ? AND id = ?
  ${columns.map((name) => `AND used_${name} + ? <= COALESCE(limit_${name}, ${most})`).join(" ")}`;
const giveBackText = `UPDATE budgets
  SET ${columns.map((name) => `used_${name} = used_${name} - ?`).join(", ")}
  WHERE tenant = ? AND id = ? ${columns.map((name) => `AND used_${name} >= ?`).join(" ")}`;

/** Hard limits that processes share. Each takes an upper bound first and gives back what is left. */
export function budgetsRepository({ tenant, clock }: RepositoryContext) {
  function* load(id: string): Program<Budget> {
    const row = yield* first("SELECT * FROM budgets WHERE tenant = ? AND id = ?", tenant, id);
    if (row === undefined) throw unknownBudget(id);
    return budgetOf(row);
  }

  return {
    /**
     * Makes a budget. The same limits again change nothing; other ones take their place only with
     * `replace`, and what is used stays, even above a new limit.
     * @throws Agent33Error `store.budget_differs`, `store.bad_budget`
     */
    define: write(function* (
      id: string,
      limits: BudgetAmounts,
      { replace = false }: { readonly replace?: boolean } = {},
    ): Program<Budget> {
      parse(idSchema, id, "id");
      const wanted = parse(amountsSchema, limits, "limits");
      const values = budgetQuantities.map((quantity) => wanted[quantity] ?? null);
      yield* lock("budget", tenant, id);
      const made = yield* change(
        `INSERT INTO budgets (tenant, id, created_at, ${columns.map((name) => `limit_${name}`).join(", ")})
         VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tenant, id) DO NOTHING`,
        tenant,
        id,
        clock.now(),
        ...values,
      );
      const known = yield* load(id);
      const differing = budgetQuantities.filter((name) => known.limits[name] !== wanted[name]);
      if (made === 1 || differing.length === 0) return known;
      if (!replace) throw differs(known, wanted, differing);
      yield* change(
        `UPDATE budgets SET ${columns.map((name) => `limit_${name} = ?`).join(", ")}
         WHERE tenant = ? AND id = ?`,
        ...values,
        tenant,
        id,
      );
      return { ...known, limits: wanted };
    }),
    /**
     * Sets amounts aside, all or none, in one statement: whatever is drawn at the same time, no
     * limit is passed.
     * @throws Agent33Error `store.unknown_budget`, `store.bad_budget`
     */
    draw: write(function* (id: string, amounts: BudgetAmounts): Program<Draw> {
      const values = valuesOf(amounts);
      if ((yield* change(drawText, ...values, tenant, id, ...values)) === 1) {
        return { granted: true };
      }
      // What is given back from now on waits, so that the limit in the way is still there to name.
      yield* lock("budget", tenant, id);
      if ((yield* change(drawText, ...values, tenant, id, ...values)) === 1) {
        return { granted: true };
      }
      return refusalOf(yield* load(id), values);
    }),
    /**
     * Gives back what was drawn and is not needed, all or none.
     * @throws Agent33Error `store.unknown_budget`, `store.bad_budget`, `store.budget_overreturned`
     *   for more than is used
     */
    giveBack: write(function* (id: string, amounts: BudgetAmounts): Program<void> {
      const values = valuesOf(amounts);
      yield* lock("budget", tenant, id);
      if ((yield* change(giveBackText, ...values, tenant, id, ...values)) === 1) return;
      throw overreturned(yield* load(id), values);
    }),
    get: read(function* (id: string): Program<Budget | undefined> {
      const row = yield* first("SELECT * FROM budgets WHERE tenant = ? AND id = ?", tenant, id);
      return row === undefined ? undefined : budgetOf(row);
    }),
    /** All of them, by id: budgets have names, and there are few. */
    list: read(function* (): Program<readonly Budget[]> {
      const found = yield* rows("SELECT * FROM budgets WHERE tenant = ? ORDER BY id", tenant);
      return found.map(budgetOf);
    }),
  };
}

function valuesOf(amounts: BudgetAmounts): readonly number[] {
  const parsed = parse(amountsSchema, amounts, "amounts");
  return budgetQuantities.map((quantity) => parsed[quantity] ?? 0);
}

function refusalOf({ id, limits, used }: Budget, values: readonly number[]): Draw {
  const limit = budgetQuantities.find(
    (quantity, index) => used[quantity] + (values[index] ?? 0) > (limits[quantity] ?? most),
  );
  if (limit === undefined) throw new TypeError(`Budget ${id} refused what fits its limits.`);
  return { granted: false, limit, allowed: limits[limit] ?? most, used: used[limit] };
}

function budgetOf(row: SqlRow): Budget {
  const limits: Partial<Record<BudgetQuantity, number>> = {};
  for (const quantity of budgetQuantities) {
    const limit = row[`limit_${columnOf[quantity]}`];
    if (limit !== null && limit !== undefined) limits[quantity] = Number(limit);
  }
  return {
    id: String(row["id"]),
    createdAt: Number(row["created_at"]),
    limits,
    used: {
      costMicroUsd: Number(row["used_micro_usd"]),
      tokens: Number(row["used_tokens"]),
      calls: Number(row["used_calls"]),
      milliseconds: Number(row["used_ms"]),
    },
  };
}

function parse<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  what: string,
): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = problemsOf(parsed.error);
  throw new Agent33Error("store.bad_budget", `Bad ${what} of a budget: ${problems.join("; ")}.`, {
    hint: `Give whole numbers from 0 for any of ${budgetQuantities.join(", ")}.`,
    details: { problems },
    cause: parsed.error,
  });
}

function unknownBudget(id: string): Agent33Error {
  return new Agent33Error("store.unknown_budget", `There is no budget "${id}".`, {
    hint: "Define it first.",
    details: { id },
  });
}

function differs(
  { id, limits }: Budget,
  wanted: BudgetAmounts,
  differing: readonly BudgetQuantity[],
): Agent33Error {
  const said = differing.map(
    (name) => `${name} is ${limits[name] ?? "unlimited"}, not ${wanted[name] ?? "unlimited"}`,
  );
  return new Agent33Error(
    "store.budget_differs",
    `Budget "${id}" has other limits: ${said.join("; ")}.`,
    {
      hint: "Use its limits, or replace them explicitly.",
      details: { id, limits: { ...limits }, wanted: { ...wanted } },
    },
  );
}

function overreturned({ id, used }: Budget, values: readonly number[]): Agent33Error {
  const over = budgetQuantities.flatMap((quantity, index) => {
    const value = values[index] ?? 0;
    return value > used[quantity] ? [`${quantity} ${value} of ${used[quantity]}`] : [];
  });
  return new Agent33Error(
    "store.budget_overreturned",
    `More is given back to budget "${id}" than is used: ${over.join(", ")}.`,
    { hint: "Give back each draw once, and no more than it was.", details: { id, used } },
  );
}
