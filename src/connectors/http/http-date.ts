const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

// RFC 9110, section 5.6.7: one form to write and two old ones that a recipient must still read.
const time = "(?<hour>\\d{2}):(?<minute>\\d{2}):(?<second>\\d{2})";
const forms = [
  `^[a-z]{3}, (?<day>\\d{2}) (?<month>[a-z]{3}) (?<year>\\d{4}) ${time} GMT$`,
  `^[a-z]{6,9}, (?<day>\\d{2})-(?<month>[a-z]{3})-(?<year>\\d{2}) ${time} GMT$`,
  `^[a-z]{3} (?<month>[a-z]{3}) (?<day>[ \\d]\\d) ${time} (?<year>\\d{4})$`,
].map((form) => new RegExp(form, "i"));

/**
 * An HTTP date as milliseconds since the Unix epoch, or undefined for any other text. The weekday
 * is not checked against the date.
 * @param nowMs tells which century a two-digit year means: never more than 50 years ahead
 */
export function parseHttpDate(text: string, nowMs: number): number | undefined {
  for (const form of forms) {
    const fields = form.exec(text.trim())?.groups;
    if (fields === undefined) continue;
    const month = months.indexOf((fields["month"] ?? "").toLowerCase());
    const [day, hour, minute, second] = ["day", "hour", "minute", "second"].map((name) =>
      Number(fields[name]),
    ) as [number, number, number, number];
    const year = fullYear(fields["year"] ?? "", nowMs);
    // A leap second (60) is read as the second before it.
    const at = new Date(Date.UTC(year, month, day, hour, minute, Math.min(second, 59)));
    // Fields out of range (31 February, 25 o'clock) roll over into a date that was not written.
    const asWritten =
      month >= 0 &&
      second <= 60 &&
      at.getUTCFullYear() === year &&
      at.getUTCMonth() === month &&
      at.getUTCHours() === hour &&
      at.getUTCMinutes() === minute;
    return asWritten ? at.getTime() : undefined;
  }
  return undefined;
}

function fullYear(digits: string, nowMs: number): number {
  const year = Number(digits);
  if (digits.length === 4) return year;
  const thisYear = new Date(nowMs).getUTCFullYear();
  const sameCentury = thisYear - (thisYear % 100) + year;
  return sameCentury > thisYear + 50 ? sameCentury - 100 : sameCentury;
}
