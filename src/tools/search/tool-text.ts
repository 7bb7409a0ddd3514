/**
 * A tool as anybody may describe it: what comes from a server is searched as it is, and none of it
 * has to be what the specification says.
 */
export interface SearchableTool {
  readonly name: string;
  readonly description?: unknown;
  readonly inputSchema?: unknown;
}

/** What is searched of a tool, field by field. */
export interface ToolText {
  readonly name: string;
  readonly description: string;
  /** Names and descriptions of the arguments, those inside of other arguments too. */
  readonly parameters: string;
}

export interface ReadToolText {
  readonly text: ToolText;
  /** What could not be read, each a clause that goes on from the tool's name. */
  readonly problems: readonly string[];
}

/** Characters of one field. What a description says of its tool, it says long before. */
const longestField = 10_000;
/** Parts of a schema that are looked at; more than any schema that a person wrote has. */
const mostParts = 2_000;

type Fields = Readonly<Record<string, unknown>>;

/** Keywords whose value is a map from names to schemas; only of the first are the names arguments. */
const maps = ["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"];
/** Keywords whose value is a schema or a list of schemas. References are not followed: what they lead to is read where it stands. */
const schemas = [
  "items",
  "prefixItems",
  "additionalProperties",
  "anyOf",
  "oneOf",
  "allOf",
  "if",
  "then",
  "else",
  "not",
];

/** Reads what can be read of a tool. Never throws, whatever stands where text and schema belong. */
export function readToolText(tool: SearchableTool): ReadToolText {
  const problems = new Set<string>();
  const cut = (text: string, what: string): string => {
    if (text.length <= longestField) return text;
    problems.add(`${what} is searched only in its first ${longestField} characters`);
    return text.slice(0, longestField);
  };
  const { name, description = "", inputSchema = {} } = tool;
  if (typeof description !== "string") problems.add("its description is not text");
  const parameters = readParameters(inputSchema, problems);
  return {
    text: {
      name,
      description: cut(typeof description === "string" ? description : "", "its description"),
      parameters: cut(parameters, "the text of its arguments"),
    },
    problems: [...problems],
  };
}

/** Breadth first, so that what is nearest to the call is read where not all is. */
function readParameters(schema: unknown, problems: Set<string>): string {
  const found: string[] = [];
  let characters = 0;
  const add = (text: string): void => {
    found.push(text);
    characters += text.length + 1;
  };
  if (!isFields(schema)) {
    problems.add("its schema is not an object");
    return "";
  }
  const queue: Fields[] = [schema];
  // An object that was built in memory may contain itself.
  const seen = new Set<unknown>(queue);
  const visit = (value: unknown): void => {
    if (!isFields(value) || seen.has(value)) return;
    seen.add(value);
    queue.push(value);
  };
  for (let place = 0; place < queue.length; place += 1) {
    if (place >= mostParts || characters > longestField) {
      problems.add("its schema is too large to be searched as a whole");
      break;
    }
    const part = queue[place] ?? {};
    if (place > 0) describe(part, add, problems);
    for (const keyword of maps) {
      const members = part[keyword];
      if (members === undefined) continue;
      if (!isFields(members)) {
        problems.add(`"${keyword}" in its schema is not an object`);
        continue;
      }
      for (const [name, member] of Object.entries(members)) {
        if (keyword === "properties") add(name);
        visit(member);
      }
    }
    for (const keyword of schemas) {
      const inner = part[keyword];
      if (Array.isArray(inner)) inner.forEach(visit);
      else visit(inner);
    }
  }
  return found.join("\n");
}

function describe(part: Fields, add: (text: string) => void, problems: Set<string>): void {
  const { description } = part;
  if (typeof description === "string") add(description);
  else if (description !== undefined && !isFields(description)) {
    problems.add("the description of an argument is not text");
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
