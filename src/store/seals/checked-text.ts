import { checkedName, sealedTable } from "./sealed-tables.ts";

/**
 * What is not code (strings, comments), or a table behind FROM or JOIN with the word after it, which
 * is its alias or the next keyword. DELETE names the table itself.
 */
const token =
  /'(?:[^']|'')*'|--[^\n]*|\/\*[\s\S]*?\*\/|(\bdelete\s+)?\b(from|join)(\s+)"?(\w+)"?(?!\w|\s*\.)(?=(?:\s+(as\b|"?\w+"?))?)/gi;

const keywords: ReadonlySet<string> = new Set(
  `where join left right full inner outer cross natural on using order group having limit offset
   union except intersect window returning set do indexed not when end`.split(/\s+/),
);

/**
 * A statement that reads the checked view of each sealed table in place of the table, under the
 * same name. Rows that are written stay the table's: triggers look after those.
 */
export function checkedText(text: string): string {
  return text.replace(
    token,
    (
      found: string,
      deleting: string | undefined,
      word: string | undefined,
      space: string | undefined,
      table: string | undefined,
      next: string | undefined,
    ) => {
      if (word === undefined || table === undefined || deleting !== undefined) return found;
      if (sealedTable(table) === undefined) return found;
      const named = next !== undefined && !keywords.has(next.toLowerCase());
      return `${word}${space}${checkedName(table)}${named ? "" : ` AS ${table}`}`;
    },
  );
}

/**
 * Before a table's name: its rows are read as they stand, without a look at their seals. For what
 * judges rows by other means, such as the audit's chain and the counts of signals.
 */
export const asItStands = "/* as it stands */";

/**
 * Whether a damaged row can stand among the rows of a statement: it gives whole rows of one table.
 * Any other answer is made of the rows, and there is none where one of them is damaged.
 */
export function givesRows(text: string): boolean {
  return /^\s*select\s+\*\s+from\s+"?\w+"?\s/i.test(text) && !/\sjoin\s/i.test(text);
}

/** Whether its rows come with the highest `seq` first. */
export function newestFirst(text: string): boolean {
  return /\border\s+by\s+"?seq"?\s+desc\b/i.test(text);
}

/** Of a row that {@link markedText} gives: whether it is not as it was sealed. */
export const damagedMark = "agent33_damaged";

/**
 * A statement that gives whole rows, on PostgreSQL, so that it gives the damaged ones too, marked.
 * There a look that meets one ends the statement, so this is only asked where one was met.
 */
export function markedText(text: string): string {
  return text.replace(
    /\bfrom\s+"?(\w+)"?/i,
    (_, table: string) => `FROM (SELECT kept.*,
    CASE WHEN kept.seal = agent33_sum('${table}', to_jsonb(kept)) THEN 0 ELSE 1 END AS ${damagedMark}
    FROM ${asItStands} ${table} AS kept) AS ${table}`,
  );
}
