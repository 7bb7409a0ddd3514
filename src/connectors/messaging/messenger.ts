import { z } from "zod";
import type { Repeat } from "../../base/effect.ts";
import type { BoundaryError } from "../../boundary/errors.ts";
import type { CallContext, CallFacts, ConnectorSpec } from "../../boundary/types.ts";
import type { ToolOutput } from "../../tools/tool.ts";
import { operationTool } from "../governed-tool.ts";
import type { OpenedConnector } from "../kind.ts";

/** What one service does in its own way. */
export interface MessengerPlan<Input extends z.ZodObject> {
  /** The name that the settings give it. */
  readonly name: string;
  /** For the model: what is sent, and where. */
  readonly description: string;
  /** What a model writes; its rules refuse a message before anything is sent. */
  readonly input: Input;
  /** `keyed` only where the other side drops a second message with the same key. */
  readonly repeat: Exclude<Repeat, "safe">;
  /** Where its calls go. */
  readonly place: Pick<CallFacts, "host" | "port" | "privateAddress">;
  /** Sends one message, once; gives what the model is told. */
  send(context: CallContext<z.output<Input>>): Promise<string>;
  /** Asks who we are; gives what a person is told. */
  check(context: CallContext<undefined>): Promise<string>;
  mapError(error: unknown): BoundaryError | undefined;
}

/**
 * A service that takes messages: a tool `<name>__send`, and nothing that reads. What the settings
 * do not list as a recipient is no value of the tool's input, so that it is refused as a wrong
 * argument is, before a person is asked or anything is sent.
 */
export function messagingConnector<Input extends z.ZodObject>(
  plan: MessengerPlan<Input>,
): OpenedConnector {
  const { name, description, input, repeat, place, mapError } = plan;
  const id = `messaging:${name}`;
  const effect = "write";
  const facts = { operation: "message.send", effect, repeat, ...place } as const;
  const send: ConnectorSpec<z.output<Input>, ToolOutput> = {
    id,
    facts: () => facts,
    run: async (context) => ({ content: await plan.send(context), isError: false }),
    mapError,
    timeouts: { attemptMs: 30_000, totalMs: 90_000 },
  };
  return {
    id,
    tools: [
      operationTool({ name: `${name}__send`, description, input, effect, repeat, operation: send }),
    ],
    calls: [facts],
    check: {
      id,
      facts: () => ({ operation: "check", effect: "read", repeat: "safe", ...place }),
      run: (context) => plan.check(context),
      mapError,
      timeouts: { attemptMs: 10_000, totalMs: 10_000 },
      maxAttempts: 1,
    },
  };
}

/**
 * A message's text.
 * @param service who takes it, as a person would name it
 * @param most characters that the service takes in one message (UTF-16 units, so never too many)
 */
export function textField(service: string, most: number) {
  return z
    .string()
    .regex(/\S/, "must not be empty")
    .max(
      most,
      `${service} takes ${most} characters in one message: shorten it, or send it in several`,
    )
    .describe(`The message's text, at most ${most} characters.`);
}

/** Where a message goes: one of the places in the settings; the model chooses where there are several. */
export function placeField(places: readonly string[], description: string) {
  const [first = "", ...others] = places;
  const one = z.enum([first, ...others], `must be one of: ${places.join(", ")}`);
  return (others.length === 0 ? one.default(first) : one).describe(description);
}
