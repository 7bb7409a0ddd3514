import { expect, test } from "vitest";
import { systemClock } from "../../base/clock.ts";
import { rows } from "../program.ts";
import { openStore } from "../store.ts";
import { storeTables } from "./tables.ts";

/** Belong to the place, not to what is kept there. */
const ofThePlace = ["migrations", "transfers"];

async function schemaOf(text: string) {
  const store = openStore({ dataDir: ":memory:", clock: systemClock, ids: () => "id" });
  try {
    return await store.backend.tables.read(() => rows(text));
  } finally {
    store.close();
  }
}

test("names every table of the schema with every column, its kind and whether it may be empty", async () => {
  const found = await schemaOf(
    `SELECT t.name AS "table", t.sql, c.name, c.type, c."notnull", c.pk
     FROM sqlite_schema t JOIN pragma_table_info(t.name) c
     WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' ORDER BY t.rowid, c.cid`,
  );
  const schema = found
    .filter((row) => !ofThePlace.includes(String(row["table"])) && row["name"] !== "seal")
    .map((row) => {
      const empty = row["notnull"] === 0 && row["pk"] === 0 ? " null" : "";
      const kind = String(row["type"]).toLowerCase();
      return `${String(row["table"])}.${String(row["name"])} ${kind}${empty}`;
    });
  const listed = storeTables.flatMap((table) =>
    table.columns.map(
      ({ name, kind, nullable }) => `${table.name}.${name} ${kind}${nullable ? " null" : ""}`,
    ),
  );
  expect(schema.length).toBeGreaterThan(150);
  expect(listed.toSorted()).toEqual(schema.toSorted());
  for (const table of storeTables) {
    const sql = found.find((row) => row["table"] === table.name)?.["sql"];
    expect([table.name, String(sql).includes("AUTOINCREMENT")]).toEqual([
      table.name,
      table.identity,
    ]);
  }
});

test("has a unique index under each table's key and under its order", async () => {
  const found = await schemaOf(
    `SELECT t.name AS "table", i.name AS "index", c.name AS "column"
     FROM sqlite_schema t JOIN pragma_index_list(t.name) i JOIN pragma_index_info(i.name) c
     WHERE t.type = 'table' AND i."unique" = 1 ORDER BY t.name, i.name, c.seqno`,
  );
  const indexes = Map.groupBy(found, (row) => JSON.stringify([row["table"], row["index"]]));
  const unique = [...indexes.values()].map(
    (rows) => `${String(rows[0]?.["table"])}(${rows.map((row) => row["column"]).join(", ")})`,
  );
  for (const { name, key, order, identity } of storeTables) {
    expect(unique).toContain(`${name}(${key.join(", ")})`);
    expect(order).toEqual(identity ? ["seq"] : key);
  }
});

test("lists a parent before every table that refers to it", async () => {
  const references = await schemaOf(
    `SELECT t.name AS child, f."from" AS "column", f."table" AS parent, f."to" AS key
     FROM sqlite_schema t JOIN pragma_foreign_key_list(t.name) f WHERE t.type = 'table'`,
  );
  expect(references.length).toBeGreaterThan(2);
  const place = (name: unknown) => storeTables.findIndex((table) => table.name === name);
  for (const { child, column, parent, key } of references) {
    expect(place(parent)).toBeLessThan(place(child));
    expect(storeTables[place(child)]?.parent).toEqual({ table: parent, key, column });
  }
  expect(storeTables.filter((table) => table.parent !== undefined)).toHaveLength(references.length);
});

test("says which of two rows is the later one by columns and words that there are", async () => {
  const found = await schemaOf("SELECT name, sql FROM sqlite_schema WHERE type = 'table'");
  const marks = storeTables.flatMap((table) => table.marks.map((mark) => ({ table, mark })));
  expect(marks.length).toBeGreaterThan(20);
  for (const { table, mark } of marks) {
    expect(table.columns.map(({ name }) => name)).toContain(mark.column);
    const sql = String(found.find(({ name }) => name === table.name)?.["sql"]);
    const words = new RegExp(`CHECK \\(${mark.column} IN \\(([^)]*)\\)`).exec(sql)?.[1];
    const known = [...(words ?? "").matchAll(/'(\w+)'/g)].map(([, word]) => word);
    expect([table.name, mark.column, mark.stages?.flat() ?? []]).toEqual([
      table.name,
      mark.column,
      mark.stages === undefined
        ? []
        : known.toSorted((one, other) => placeOf(one) - placeOf(other)),
    ]);
    function placeOf(word: string | undefined): number {
      return mark.stages?.flat().indexOf(word ?? "") ?? -1;
    }
  }
});
