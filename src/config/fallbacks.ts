import { z } from "zod";
import { attempt } from "../base/result.ts";
import { parseModelSpec } from "../models/spec.ts";

const modelName = z.string().superRefine((name, context) => {
  const parsed = attempt(() => parseModelSpec(name));
  if (parsed.ok) return;
  const { message, hint } = parsed.error;
  context.addIssue({
    code: "custom",
    message: hint === undefined ? message : `${message} ${hint}`,
  });
});

/** A recording holds what one model said in one run; nothing of it fits into another. */
const standIn = modelName.refine(
  (name) => !name.startsWith("replay:"),
  "A recording cannot stand in",
);

/** Models that stand in for a model, by its specification, in the order in which they are asked. */
export const fallbacksSchema = z
  .record(modelName, z.array(standIn).min(1))
  .default({})
  .superRefine((fallbacks, context) => {
    for (const [name, others] of Object.entries(fallbacks)) {
      const twice = others.find((other, index) => other === name || others.indexOf(other) < index);
      if (twice === undefined) continue;
      const message = `"${twice}" stands in for "${name}" already, or is the same model`;
      context.addIssue({ code: "custom", path: [name], message });
    }
  });
