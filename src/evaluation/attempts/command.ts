import { writeFile } from "node:fs/promises";
import { join, posix } from "node:path";
import { digestOf } from "../../base/digest.ts";
import { splitCommand } from "../../sandbox/command.ts";
import type { TrialAgent } from "./attempt.ts";
import { runProgram, textFile } from "./program.ts";

/** What stands for the instruction in the words of a command. */
const placeholder = "{instruction}";
/** Linux takes no word or variable over 128 KiB; what is longer is in the file only. */
const longestVariableBytes = 96 * 1024;
const instructionName = "instruction.md";

/** A program that is an agent. */
export interface CommandAgent {
  /** How results name it. */
  readonly name: string;
  readonly version?: string;
  /** A command line as a shell reads it; none is used. `{instruction}` in it is what the agent is told. */
  readonly line: string;
}

/**
 * Any program as an agent. It is started inside, in the task's folder, and told what to do by
 * `{instruction}` in its words, by AGENT33_INSTRUCTION and by the file that
 * AGENT33_INSTRUCTION_FILE names. Where it is given the task's skills, AGENT33_SKILLS names their
 * folder. AGENT33_REPETITION counts the trials of one condition from 1.
 * @throws Agent33Error `sandbox.invalid_command`
 */
export function commandAgent({ name, version, line }: CommandAgent): TrialAgent {
  const [program, ...words] = splitCommand(line);
  return {
    name,
    version,
    digests: { command: digestOf([program, ...words]) },
    attempt: "agent",
    work: async (request) => {
      const { task, instruction, environment, model, effort, skills, logs } = request;
      const beside = posix.join(posix.dirname(environment.solutionDir), "agent33");
      const [file, folder] = [`${beside}/${instructionName}`, `${beside}/skills`];
      await writeFile(join(logs, instructionName), instruction);
      await environment.put(join(logs, instructionName), file);
      const hasSkills = skills === "own" && task.skillsDir !== undefined;
      if (hasSkills) await environment.put(task.skillsDir, folder);
      const isShort = Buffer.byteLength(instruction) <= longestVariableBytes;
      const result = await runProgram(
        {
          command: [
            program,
            ...words.map((word) => word.replaceAll(placeholder, () => instruction)),
          ],
          env: {
            ...(isShort ? { AGENT33_INSTRUCTION: instruction } : {}),
            AGENT33_INSTRUCTION_FILE: file,
            ...(hasSkills ? { AGENT33_SKILLS: folder } : {}),
            ...(model === undefined ? {} : { AGENT33_MODEL: model }),
            ...(effort === undefined ? {} : { AGENT33_EFFORT: effort }),
          },
          outputName: "output.txt",
          exitCodeCounts: true,
        },
        request,
      );
      return { ...result, artefacts: [textFile(instructionName), ...result.artefacts] };
    },
  };
}
