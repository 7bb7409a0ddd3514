/** Variables that a task asks for by name, and what it makes of them. */
export interface TaskVariables {
  readonly values: Readonly<Record<string, string>>;
  /** Each variable of the task that needs others which are not there. */
  readonly missing: readonly { readonly name: string; readonly needs: readonly string[] }[];
}

/**
 * Replaces `${NAME}` and `${NAME:-default}` in the values of a task's variables.
 * @param given where NAME is looked up
 */
export function taskVariables(
  wanted: Readonly<Record<string, string>>,
  given: Readonly<Record<string, string>>,
): TaskVariables {
  const values: Record<string, string> = {};
  const missing: { readonly name: string; readonly needs: readonly string[] }[] = [];
  for (const [name, template] of Object.entries(wanted)) {
    const needs: string[] = [];
    values[name] = template.replace(
      /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g,
      (_whole, source: string, fallback: string | undefined) => {
        const value = given[source] ?? fallback;
        if (value === undefined) needs.push(source);
        return value ?? "";
      },
    );
    if (needs.length > 0) missing.push({ name, needs });
  }
  return { values, missing };
}
