import { Agent33Error } from "../../base/errors.ts";
import {
  type ActionChange,
  changeAction,
  type Lesson,
  type LessonEventType,
  type LessonState,
  lessonSchema,
  type NewLesson,
  parseNewLesson,
  recordLesson,
  verifyLesson,
} from "../../learning/lesson.ts";
import type { Page, PageRequest } from "../pages.ts";
import { first, type Program, read, write } from "../program.ts";
import type { RepositoryContext } from "./context.ts";
import { type DocumentTable, documentsOf } from "./documents.ts";
import { newId, type OnceOptions } from "./made-once.ts";

/** Which lessons to list. */
export interface LessonFilter extends PageRequest {
  readonly eventType?: LessonEventType;
  readonly state?: LessonState;
}

const lessonTable: DocumentTable<Lesson> = {
  table: "lessons",
  entity: "lesson",
  kind: {
    noun: "lesson",
    unknownCode: "learning.unknown_lesson",
    listCommand: "agent33 learn lessons list",
  },
  schema: lessonSchema,
  columns: {
    event_type: "eventType",
    state: "state",
    recorded_at: "recordedAt",
    updated_at: "updatedAt",
  },
};

/** What was learned, and what is done about it. */
export function lessonsRepository({ tenant, clock, ids }: RepositoryContext) {
  const documents = documentsOf(tenant, lessonTable);

  function* refuseUnknown(noun: Linked, linked: readonly string[]): Program<void> {
    for (const id of linked) {
      const sql = `SELECT id FROM ${noun}s WHERE tenant = ? AND id = ?`;
      if ((yield* first(sql, tenant, id)) === undefined) throw unknownLink(noun, id);
    }
  }

  return {
    /**
     * @throws Agent33Error `learning.bad_lesson`, `learning.unknown_intake`,
     *   `learning.unknown_signal`, `learning.key_reused`
     */
    create: write(function* (given: NewLesson, once: OnceOptions = {}): Program<Lesson> {
      // Before the database is asked: not every one takes every text.
      const lesson = parseNewLesson(given);
      const place = newId("LL", ids, once, lesson);
      const known = yield* documents.madeBefore(place);
      if (known !== undefined) return known;
      yield* refuseUnknown("intake", lesson.intakeIds);
      yield* refuseUnknown("signal", lesson.signalIds);
      const made = recordLesson(lesson, { id: place.id, tenant, at: clock.now() });
      yield* documents.insert(made);
      return made;
    }),
    get: read(documents.get),
    /**
     * The lesson whose id begins with `prefix`.
     * @throws Agent33Error `learning.unknown_lesson`, `store.ambiguous_id`
     */
    find: read(documents.find),
    /** Newest first. @throws Agent33Error `store.bad_cursor` */
    list: read(function* (filter: LessonFilter = {}): Program<Page<Lesson>> {
      return yield* documents.list(filter, { event_type: filter.eventType, state: filter.state });
    }),
    /**
     * @param index place of the action, from 0
     * @throws Agent33Error `learning.unknown_lesson`, `learning.unknown_action`,
     *   `learning.lesson_implemented`, `learning.bad_lesson`
     */
    setAction: write(function* (id: string, index: number, change: ActionChange): Program<Lesson> {
      return yield* documents.changeOne(id, (found) =>
        changeAction(found, index, change, clock.now()),
      );
    }),
    /**
     * Closes a lesson whose actions are all done or given up.
     * @throws Agent33Error `learning.unknown_lesson`, `learning.actions_open`,
     *   `learning.lesson_implemented`, `learning.bad_lesson`
     */
    verify: write(function* (id: string, evidence: string, by: string): Program<Lesson> {
      return yield* documents.changeOne(id, (found) =>
        verifyLesson(found, evidence, by, clock.now()),
      );
    }),
  };
}

type Linked = "intake" | "signal";

function unknownLink(noun: Linked, id: string): Agent33Error {
  return new Agent33Error(`learning.unknown_${noun}`, `There is no ${noun} "${id}".`, {
    hint: `List them with \`agent33 learn ${noun}s list\`.`,
    details: { id },
  });
}
