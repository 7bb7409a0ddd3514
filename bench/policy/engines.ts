import { Environment } from "@marcbachmann/cel-js";
import { preparsePolicySet, statefulIsAuthorized } from "@cedar-policy/cedar-wasm/nodejs";
import { Agent33Error } from "../../src/base/errors.ts";
import { compilePolicy } from "../../src/boundary/policy/index.ts";
import { cedarRequest, type Question } from "./cedar-request.ts";
import { type BenchRule, cedarOf, celOf, packOf } from "./workload.ts";

export type Answer = "allow" | "deny";

/** A policy that answers the questions that it was made for, by their places in the list. */
export type Ask = (place: number) => Answer;

/** Makes a policy of rules; whatever can be done before a question comes is done here. */
export type BuildEngine = (rules: readonly BenchRule[], questions: readonly Question[]) => Ask;

/** Our packs, from the facts of a call to the decision. */
export const ours: BuildEngine = (rules, questions) => {
  const policy = compilePolicy([packOf(rules)]);
  return (place) => {
    const question = questions[place];
    if (question === undefined) throw new RangeError(`There is no question ${place}.`);
    const { facts, connector, principal } = question;
    const { effect } = policy.decide(facts, connector, principal);
    return effect === "allow" ? "allow" : "deny";
  };
};

/** Expressions of CEL one after the other, denials first, until one holds. */
export const cel: BuildEngine = (rules, questions) => {
  const environment = new Environment();
  for (const name of ["connector", "operation", "effect", "tool", "host", "user"]) {
    environment.registerVariable(name, "string");
  }
  const parsed = (effect: Answer) =>
    rules.filter((rule) => rule.effect === effect).map((rule) => environment.parse(celOf(rule)));
  const [denies, allows] = [parsed("deny"), parsed("allow")];
  const contexts = questions.map(({ facts, connector, principal }) => {
    const { operation, effect, tool = "", host = "" } = facts;
    return { connector, operation, effect, tool, host, user: principal.user };
  });
  return (place) => {
    const context = contexts[place];
    for (const holds of denies) if (holds(context) === true) return "deny";
    for (const holds of allows) if (holds(context) === true) return "allow";
    return "deny";
  };
};

/** Cedar's own engine, its policies parsed beforehand, the requests made beforehand. */
export const cedar: BuildEngine = (rules, questions) => {
  const preparsedPolicySetId = `bench-${rules.length}`;
  const parsed = preparsePolicySet(preparsedPolicySetId, { staticPolicies: cedarOf(rules) });
  if (parsed.type === "failure") throw refused(parsed.errors[0]?.message);
  const requests = questions.map((question) => ({
    ...cedarRequest(question),
    preparsedPolicySetId,
  }));
  return (place) => {
    const request = requests[place];
    if (request === undefined) throw new RangeError(`There is no question ${place}.`);
    const answer = statefulIsAuthorized(request);
    if (answer.type === "failure") throw refused(answer.errors[0]?.message);
    return answer.response.decision;
  };
};

function refused(why: string | undefined): Agent33Error {
  return new Agent33Error("bench.unfair", `Cedar refuses: ${why ?? "it does not say why"}.`, {
    hint: "Correct how the policies or the requests are written for it.",
  });
}
