/**
 * What a definition's version looks like: a semantic version (SemVer 2.0), of which the last one or
 * two numbers may be left out. Build metadata is not taken: it would make two names for one version.
 */
export const versionPattern =
  /^(0|[1-9]\d*)(?:\.(0|[1-9]\d*))?(?:\.(0|[1-9]\d*))?(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?$/;

/**
 * Which of two versions is newer, by SemVer 2.0, section 11: below 0, 0 or above 0 as for `sort`.
 * What is no such version is older than any that is.
 */
export function compareVersions(left: string, right: string): number {
  const one = versionPattern.exec(left);
  const other = versionPattern.exec(right);
  if (one === null || other === null) {
    return Number(one !== null) - Number(other !== null) || compareTexts(left, right);
  }
  for (const place of [1, 2, 3]) {
    const difference = Number(one[place] ?? 0) - Number(other[place] ?? 0);
    if (difference !== 0) return difference;
  }
  return comparePrereleases(one[4], other[4]);
}

function comparePrereleases(left: string | undefined, right: string | undefined): number {
  // A release is newer than what came before it.
  if (left === undefined || right === undefined) {
    return Number(left === undefined) - Number(right === undefined);
  }
  const [ours, theirs] = [left.split("."), right.split(".")];
  for (const [place, own] of ours.entries()) {
    const other = theirs[place];
    if (other === undefined) return 1;
    const difference = compareIdentifiers(own, other);
    if (difference !== 0) return difference;
  }
  return ours.length - theirs.length;
}

function compareIdentifiers(left: string, right: string): number {
  const [leftIsNumber, rightIsNumber] = [/^\d+$/.test(left), /^\d+$/.test(right)];
  if (leftIsNumber && rightIsNumber) return Number(left) - Number(right);
  return Number(rightIsNumber) - Number(leftIsNumber) || compareTexts(left, right);
}

function compareTexts(left: string, right: string): number {
  return left === right ? 0 : left < right ? -1 : 1;
}
