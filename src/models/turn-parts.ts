import type { SharedV4ProviderMetadata } from "@ai-sdk/provider";
import { unreachable } from "../base/errors.ts";
import { toJsonValue } from "../base/json.ts";
import type { AssistantPart, ProviderMetadata, ToolCallPart } from "../base/message.ts";

type ProseKind = "text" | "reasoning";

interface Prose {
  readonly type: ProseKind;
  text: string;
  metadata: ProviderMetadata | undefined;
}

type Slot = Prose | { readonly type: "tool_call"; readonly part: ToolCallPart };

/**
 * Collects the parts of one turn in the order in which they began. Blocks are found by the id that
 * the provider gave them; an id that starts again is a new block.
 */
export class TurnParts {
  readonly #slots: Slot[] = [];
  readonly #prose = { text: new Map<string, Prose>(), reasoning: new Map<string, Prose>() };
  /** Tool calls whose arguments are arriving: name, and whether a piece of them has been seen. */
  readonly #calls = new Map<
    string,
    { readonly name: string; seen: boolean; readonly metadata: ProviderMetadata | undefined }
  >();

  startProse(type: ProseKind, id: string, metadata: SharedV4ProviderMetadata | undefined): Prose {
    const slot: Prose = { type, text: "", metadata: mergeMetadata(undefined, metadata) };
    this.#slots.push(slot);
    this.#prose[type].set(id, slot);
    return slot;
  }

  addProse(
    type: ProseKind,
    id: string,
    delta: string,
    metadata: SharedV4ProviderMetadata | undefined,
  ): void {
    const slot = this.#prose[type].get(id) ?? this.startProse(type, id, undefined);
    slot.text += delta;
    slot.metadata = mergeMetadata(slot.metadata, metadata);
  }

  startCall(id: string, name: string, metadata: SharedV4ProviderMetadata | undefined): void {
    this.#calls.set(id, { name, seen: false, metadata: mergeMetadata(undefined, metadata) });
  }

  /** Notes that a piece of the arguments came. Gives the tool's name. */
  addToCall(id: string): string {
    const call = this.#calls.get(id);
    if (call !== undefined) call.seen = true;
    return call?.name ?? "";
  }

  /** Adds a whole tool call; true if no piece of its arguments was seen before. */
  endCall(id: string, part: ToolCallPart): boolean {
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    const metadata = mergeMetadata(call?.metadata, part.providerMetadata);
    this.#slots.push({
      type: "tool_call",
      part: metadata === undefined ? part : { ...part, providerMetadata: metadata },
    });
    return call?.seen !== true;
  }

  /** What came, without empty blocks. Reasoning may be empty to the eye and still carry a signature. */
  parts(): readonly AssistantPart[] {
    return this.#slots.flatMap((slot): AssistantPart[] => {
      switch (slot.type) {
        case "text":
        case "reasoning":
          if (slot.text === "" && (slot.type === "text" || slot.metadata === undefined)) return [];
          return [
            {
              type: slot.type,
              text: slot.text,
              ...(slot.metadata === undefined ? {} : { providerMetadata: slot.metadata }),
            },
          ];
        case "tool_call":
          return [slot.part];
        default:
          return unreachable(slot);
      }
    });
  }
}

/**
 * Metadata of a block comes in pieces: an id at its start, a signature at its end. Later fields win.
 * What the log cannot hold (`undefined` fields) is dropped.
 */
export function mergeMetadata(
  before: ProviderMetadata | undefined,
  more: SharedV4ProviderMetadata | ProviderMetadata | undefined,
): ProviderMetadata | undefined {
  if (more === undefined) return before;
  const added = toJsonValue(more) as ProviderMetadata;
  const merged: Record<string, ProviderMetadata[string]> = { ...before };
  for (const [provider, fields] of Object.entries(added)) {
    merged[provider] = { ...merged[provider], ...fields };
  }
  return Object.keys(merged).length === 0 ? undefined : merged;
}
