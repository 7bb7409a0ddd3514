/** Whether a value of a foreign format is there: some leave a name out, some write null. */
export function isGiven<T>(value: T | null | undefined): value is T {
  return value !== undefined && value !== null;
}
