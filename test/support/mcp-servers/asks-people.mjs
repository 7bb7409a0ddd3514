// Asks people in the course of its calls. The file of its argument gets a line for each thing done.
import { appendFileSync, existsSync } from "node:fs";
import { answer, answerError, ask, serve, textResult } from "./rpc.mjs";

const [, , file, question] = process.argv;

const form = (message, properties, required = Object.keys(properties)) =>
  ask("elicitation/create", {
    message,
    requestedSchema: { type: "object", properties, required },
  });
const guests = { guests: { type: "integer", minimum: 1, maximum: 12 } };

const together = Promise.withResolvers();
let seats = 0;

const tools = {
  // Asks once two calls of it are under way.
  seat: async () => {
    seats += 1;
    if (seats === 2) together.resolve();
    await together.promise;
    return [await form("Which seat?", { seat: { type: "string" } })];
  },
  own: async () => [await form(question, guests)],
  book: async () => [await form("How many guests?", guests)],
  both: async () => [
    await form("How many guests?", guests),
    await form("Under which name?", { name: { type: "string" } }),
  ],
  login: async () => [
    await form("Who are you?", { user: { type: "string" }, apiToken: { type: "string" } }),
  ],
  terms: async () => [
    await ask("elicitation/create", {
      mode: "url",
      message: "Read the terms.",
      url: "https://books.example/terms?v=2",
      elicitationId: `${process.pid}`,
    }),
  ],
};

serve({
  tools: [...Object.keys(tools), "fetch", "break"].map((name) => ({ name })),
  call: (name, _args, id) => {
    appendFileSync(file, `${name} begun\n`);
    if (name === "break") {
      void form("Who?", { who: { type: "string" } }).then(() => answerError(id, -32603, "Broken."));
      return undefined;
    }
    if (name === "fetch") {
      if (existsSync(`${file}.agreed`)) return textResult("fetched");
      answerError(id, -32042, "Not before you have agreed.", {
        elicitations: [
          {
            mode: "url",
            message: "Agree to be read.",
            url: "https://books.example/agree",
            elicitationId: "one",
          },
        ],
      });
      return undefined;
    }
    void tools[name]().then((said) => {
      appendFileSync(file, `${name} ${said.map(({ action }) => action).join(" ")}\n`);
      answer(id, textResult(JSON.stringify(said)));
    });
    return undefined;
  },
});
