/** A pack with one rule about what the workspace's tools do, and settings that select it. */
export function packWith(rule: object, rest: object = {}) {
  return {
    pack: {
      pack: "own",
      version: 1,
      description: "For one probe.",
      default: "allow",
      rules: [{ id: "writes", ...rule, reason: "Lines in the notes stay there." }],
    },
    settings: { policy: { packs: ["own"], files: ["own.yaml"] }, ...rest },
  };
}

/** What a rule about writing into the workspace matches. */
export const writing = { connector: "tool:workspace", effect: "write" };
