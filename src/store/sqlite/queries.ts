import {
  type CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";
import { Agent33Error } from "../../base/errors.ts";
import { checkParameters, type SqlSession } from "./session.ts";
import type { Tables } from "./tables.ts";

/** Typed read queries. Writes go through `transaction` and prepared statements. */
export type Queries = Kysely<Tables>;

/**
 * A kysely over an open session. A query runs in one piece, without letting go of the thread, so
 * it can never fall between the statements of a transaction of ours.
 */
export function createQueries(session: SqlSession): Queries {
  return new Kysely<Tables>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => readDriver(session),
      createIntrospector: (database) => new SqliteIntrospector(database),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  });
}

function readDriver(session: SqlSession): Driver {
  const connection: DatabaseConnection = {
    executeQuery: async <R>(query: CompiledQuery): Promise<QueryResult<R>> => ({
      rows: session.all(query.sql, ...checkParameters(query.parameters)) as unknown as R[],
    }),
    streamQuery: () => {
      throw readsOnly("streaming");
    },
  };
  // kysely's transactions let other code run between statements, which this connection shares.
  const refuse = async (): Promise<void> => {
    throw readsOnly("transactions");
  };
  return {
    init: async () => {},
    acquireConnection: async () => connection,
    releaseConnection: async () => {},
    beginTransaction: refuse,
    commitTransaction: refuse,
    rollbackTransaction: refuse,
    // The connection belongs to the database, which closes it.
    destroy: async () => {},
  };
}

function readsOnly(what: string): Agent33Error {
  return new Agent33Error("store.reads_only", `The store's query builder has no ${what}.`, {
    hint: "Use the transaction function of the store.",
  });
}
