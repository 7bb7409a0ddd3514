import { z } from "zod";
import { addressField } from "../http/fields.ts";

/** The name of an environment variable that holds a secret. */
export function variableField(description: string) {
  return z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "Must be the name of an environment variable")
    .describe(description);
}

/** Places that messages may go to; nothing else is sent to. */
export function placesField(description: string) {
  return z.array(z.string().regex(/^\S+$/, "Must not hold spaces")).min(1).describe(description);
}

export const mentionsField = z
  .boolean()
  .default(false)
  .describe("whether a message may mention people and everybody, who are then notified");

export const descriptionField = z
  .string()
  .exactOptional()
  .describe("what the messages are for, told to the model");

export const baseUrlField = (address: string) =>
  addressField.default(address).describe("address of the service's interface");
