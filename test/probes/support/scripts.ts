/** A turn of a scripted model that appends a line to a file of the workspace. */
export const writes = (path: string, line: string) => ({
  tool_calls: [{ name: "append_line", arguments: { path, line } }],
});

/** A turn that ends a task. */
export const says = (text: string) => ({ text });

/** A script's file. */
export const script = (name: string, ...turns: readonly object[]) => ({ name, turns });
