import { printable } from "./output.ts";

/** Questions to a person at a terminal. Undefined is the answer of one who gives up. */
export interface Prompts {
  text(question: {
    readonly message: string;
    /** Says what is wrong with an answer. */
    readonly validate: (answer: string) => string | undefined;
  }): Promise<string | undefined>;
  choose(
    message: string,
    choices: readonly { readonly value: string; readonly label: string }[],
  ): Promise<string | undefined>;
  confirm(message: string): Promise<boolean>;
  /** Asks for what is not shown while it is typed; absent where that cannot be done. */
  readonly secret?: (message: string) => Promise<string | undefined>;
}

/** What is asked may be words from outside, as all that is written to a terminal may be. */
export function cleanPrompts({ text, choose, confirm, secret }: Prompts): Prompts {
  return {
    text: ({ message, validate }) => text({ message: printable(message), validate }),
    choose: (message, choices) =>
      choose(
        printable(message),
        choices.map(({ value, label }) => ({ value, label: printable(label) })),
      ),
    confirm: (message) => confirm(printable(message)),
    ...(secret === undefined ? {} : { secret: (message) => secret(printable(message)) }),
  };
}

/** The terminal of this process. The library is loaded when something is asked. */
export const terminalPrompts: Prompts = cleanPrompts({
  text: async ({ message, validate }) => {
    const { isCancel, text } = await import("@clack/prompts");
    const answer = await text({ message, validate: (given) => validate(given ?? "") });
    return isCancel(answer) ? undefined : answer;
  },
  choose: async (message, choices) => {
    const { isCancel, select } = await import("@clack/prompts");
    const answer = await select({ message, options: [...choices] });
    return isCancel(answer) ? undefined : answer;
  },
  confirm: async (message) => {
    const { confirm } = await import("@clack/prompts");
    return (await confirm({ message })) === true;
  },
  secret: async (message) => {
    const { isCancel, password } = await import("@clack/prompts");
    const answer = await password({ message });
    return isCancel(answer) ? undefined : answer;
  },
});
