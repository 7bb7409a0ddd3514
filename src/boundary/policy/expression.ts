import {
  type ASTNode,
  Environment,
  EvaluationError,
  ParseError,
  TypeError as CelTypeError,
} from "@marcbachmann/cel-js";
import { suggestName } from "../../base/nearest.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { pathLike } from "./functions/path-pattern.ts";
import { everyCommand, plainCommands } from "./functions/shell-commands.ts";
import { globMatcher } from "../../base/glob.ts";
import { matchKeys, type PolicyCall } from "./keys.ts";
import type { MatchKeyName } from "./schema.ts";

/** What an expression can ask about. */
interface Variable {
  readonly name: string;
  readonly type: "string" | "int" | "bool" | "map<string, dyn>";
  /** What the call has, or what stands for nothing: empty text, 0, false, no arguments. */
  readonly read: (call: PolicyCall) => unknown;
}

const otherTypes: Partial<Record<MatchKeyName, "int" | "bool">> = {
  port: "int",
  private: "bool",
  metadata: "bool",
};
const nothing = { string: "", int: 0n, bool: false } as const;

/** Every fact that a rule can match on, and the two that only expressions see. */
const variables: readonly Variable[] = [
  ...matchKeys.map(({ name, read }): Variable => {
    const type = otherTypes[name] ?? "string";
    return {
      name,
      type,
      read: (call) => {
        const value = read(call);
        if (value === undefined) return nothing[type];
        return typeof value === "number" ? BigInt(value) : value;
      },
    };
  }),
  { name: "address", type: "string", read: (call) => call.address ?? "" },
  { name: "args", type: "map<string, dyn>", read: (call) => call.facts.args ?? {} },
];

/** The types that an expression may have for each use; `dyn` is looked at when it is worked out. */
const resultTypes = {
  boolean: ["bool", "dyn"],
  number: ["int", "uint", "double", "dyn"],
} as const;

/** What is wrong with an expression, and where in its text. */
export interface ExpressionProblem {
  readonly message: string;
  readonly hint: string;
  readonly offset: number;
}

/** A CEL expression over one call, checked. */
export interface Expression {
  readonly text: string;
  /** The value, or in words why there is none. The words are the expression's own, never the call's. */
  readonly evaluate: (call: PolicyCall) => Result<unknown, string>;
}

const mixed: readonly (readonly [string, (a: number, b: number) => number])[] = [
  ["+", (a, b) => a + b],
  ["-", (a, b) => a - b],
  ["*", (a, b) => a * b],
  ["/", (a, b) => a / b],
];

const seePage = "docs/policy/packs.md says what a condition can ask about.";
const environment = newEnvironment();

/** Parses and type-checks an expression. */
export function compileExpression(
  text: string,
  wanted: keyof typeof resultTypes,
): Result<Expression, ExpressionProblem> {
  let parsed: ReturnType<Environment["parse"]>;
  try {
    parsed = environment.parse(text);
  } catch (thrown) {
    return err(problemOf(thrown, text));
  }
  const checked = parsed.check();
  if (!checked.valid) return err(problemOf(checked.error, text));
  if (!resultTypes[wanted].some((type) => type === checked.type)) {
    const message = `it gives a ${checked.type}, not a ${wanted}`;
    return err({ message, hint: seePage, offset: 0 });
  }
  const { names, regular } = lookInto(parsed.ast);
  if (regular !== undefined) {
    return err({
      message: "there are no regular expressions here",
      hint: 'Use like("a*b"), startsWith, endsWith or contains. An argument can be made so that a regular expression takes for ever.',
      offset: regular,
    });
  }
  const used = variables.filter(({ name }) => names.has(name));
  if (used.length === 0) {
    const message = "it asks about nothing of the call, so it is the same for every call";
    return err({ message, hint: seePage, offset: 0 });
  }
  const evaluate = (call: PolicyCall): Result<unknown, string> => {
    const context: Record<string, unknown> = {};
    for (const { name, read } of used) context[name] = read(call);
    try {
      return ok(parsed(context) as unknown);
    } catch (thrown) {
      return err(failureOf(thrown, text));
    }
  };
  return ok({ text, evaluate });
}

function newEnvironment(): Environment {
  const made = new Environment();
  for (const { name, type } of variables) made.registerVariable(name, type);
  // A number of the arguments is a double, as JSON has no other. CEL by itself does not reckon with
  // doubles and integers together, and `args.amount * 2` would fail for every call.
  for (const [sign, reckon] of mixed) {
    const handler = (a: number | bigint, b: number | bigint) => reckon(Number(a), Number(b));
    made.registerOperator(`double ${sign} int`, handler);
    made.registerOperator(`int ${sign} double`, handler);
  }
  made.registerFunction("string.like(string): bool", (value: string, pattern: string) =>
    globMatcher([pattern])(value),
  );
  made.registerFunction("string.pathLike(string): bool", (path: string, pattern: string) =>
    orNothing(pathLike(path, pattern)),
  );
  made.registerFunction("plainCommands(string): list<string>", (line: string) => [
    ...orNothing(plainCommands(line)),
  ]);
  made.registerFunction("everyCommand(string): list<string>", (line: string) => [
    ...orNothing(everyCommand(line)),
  ]);
  return made;
}

/** What cannot be worked out ends the expression; how that counts is up to the rule. */
function orNothing<T>(found: Result<T, string>): T {
  if (found.ok) return found.value;
  throw new TypeError(found.error);
}

/** Names that an expression uses, and where it uses a regular expression. */
function lookInto(ast: ASTNode): {
  readonly names: ReadonlySet<string>;
  readonly regular: number | undefined;
} {
  const names = new Set<string>();
  let regular: number | undefined;
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) {
      for (const each of node) visit(each);
    } else if (isNode(node)) {
      if (node.op === "id") names.add(node.args);
      if ((node.op === "call" || node.op === "rcall") && node.args[0] === "matches") {
        regular ??= node.range.start;
      }
      visit(node.args);
    }
  };
  visit(ast);
  return { names, regular };
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === "object" && value !== null && "op" in value && "args" in value;
}

function problemOf(error: unknown, text: string): ExpressionProblem {
  if (!(error instanceof ParseError) && !(error instanceof CelTypeError)) throw error;
  const { code, summary, range } = error;
  const offset = range?.start ?? 0;
  if (code === "unknown_variable") {
    const name = text.slice(offset, range?.end);
    const known = variables.map((variable) => variable.name);
    return { message: `there is no fact "${name}"`, hint: suggestName(name, known), offset };
  }
  return { message: summary, hint: seePage, offset };
}

/** Without the values of arguments: they may be secret, and this is written into the audit. */
function failureOf(thrown: unknown, text: string): string {
  if (!(thrown instanceof EvaluationError)) return "it could not be worked out";
  const { code, range } = thrown;
  const words = code.replaceAll("_", " ");
  return range === undefined ? words : `${words} at \`${text.slice(range.start, range.end)}\``;
}
