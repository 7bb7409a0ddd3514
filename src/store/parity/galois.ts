/**
 * Reed-Solomon codes over bytes: 239 of data and 16 more, of which up to 8 bytes may be wrong. The
 * field is GF(256) with x^8 + x^4 + x^3 + x^2 + 1, the roots of the generator are a^0 to a^15
 * (I. S. Reed, G. Solomon: Polynomial Codes over Certain Finite Fields, 1960).
 */
export const dataBytes = 239;
export const parityBytes = 16;

const order = 255;
const exponent = new Uint8Array(2 * order);
const logarithm = new Uint8Array(order + 1);
for (let power = 0, value = 1; power < order; power += 1) {
  exponent[power] = value;
  exponent[power + order] = value;
  logarithm[value] = power;
  value <<= 1;
  if (value > order) value ^= 0x11d;
}

const power = (of: number): number => exponent[of % order] ?? 0;
const log = (of: number): number => logarithm[of] ?? 0;

function times(one: number, other: number): number {
  return one === 0 || other === 0 ? 0 : power(log(one) + log(other));
}

function over(one: number, other: number): number {
  return one === 0 ? 0 : power(log(one) + order - log(other));
}

/** The generator without its leading 1, the highest power first. */
const generator = ((): Uint8Array => {
  let polynomial = Uint8Array.of(1);
  for (let root = 0; root < parityBytes; root += 1) {
    const next = new Uint8Array(polynomial.length + 1);
    for (const [at, value] of polynomial.entries()) {
      next[at] = (next[at] ?? 0) ^ value;
      next[at + 1] = (next[at + 1] ?? 0) ^ times(value, power(root));
    }
    polynomial = next;
  }
  return polynomial.subarray(1);
})();

/**
 * The generator times each byte, its 16 coefficients in four numbers of 32 bits, so that the inner
 * loop only looks up and shifts.
 */
const generated = Array.from({ length: 4 }, (_, quarter) =>
  Int32Array.from({ length: order + 1 }, (_, value) =>
    [0, 1, 2, 3].reduce(
      (all, at) => (all << 8) | times(value, generator[4 * quarter + at] ?? 0),
      0,
    ),
  ),
);
const [table0, table1, table2, table3] = generated;

/**
 * The parity of one word of data.
 * @param from where its first byte is
 * @param step how far apart its bytes are
 * @returns the 16 bytes in four numbers of 32 bits, the first byte in the highest place
 */
export function parityOfWord(data: Uint8Array, from: number, step: number): readonly number[] {
  let [one, two, three, four] = [0, 0, 0, 0];
  for (let at = from; at < data.length; at += step) {
    const factor = (one >>> 24) ^ (data[at] ?? 0);
    one = ((one << 8) | (two >>> 24)) ^ (table0?.[factor] ?? 0);
    two = ((two << 8) | (three >>> 24)) ^ (table1?.[factor] ?? 0);
    three = ((three << 8) | (four >>> 24)) ^ (table2?.[factor] ?? 0);
    four = (four << 8) ^ (table3?.[factor] ?? 0);
  }
  return [one, two, three, four];
}

/** Puts right what is wrong in a word of data and its parity; false where too much is. */
export function correct(word: Uint8Array): boolean {
  const found = syndromes(word);
  if (found.every((one) => one === 0)) return true;
  const locator = locatorOf(found);
  const errors = locator.length - 1;
  if (errors > parityBytes / 2) return false;
  const evaluator = productUpTo(found, locator);
  let corrected = 0;
  for (let at = 0; at < word.length; at += 1) {
    const degree = word.length - 1 - at;
    const inverse = power(order - (degree % order));
    if (valueAt(locator, inverse) !== 0) continue;
    const slope = valueAt(derivative(locator), inverse);
    if (slope === 0) return false;
    const error = times(power(degree), over(valueAt(evaluator, inverse), slope));
    word[at] = (word[at] ?? 0) ^ error;
    corrected += 1;
  }
  return corrected === errors && syndromes(word).every((one) => one === 0);
}

/** The word, as a polynomial, at each root of the generator. */
function syndromes(word: Uint8Array): readonly number[] {
  return Array.from({ length: parityBytes }, (_, root) => {
    let value = 0;
    for (const byte of word) value = (value === 0 ? 0 : power(log(value) + root)) ^ byte;
    return value;
  });
}

/** Berlekamp and Massey: the shortest recurrence that the syndromes follow, lowest power first. */
function locatorOf(found: readonly number[]): readonly number[] {
  let locator = [1];
  let before = [1];
  let [errors, gap, discrepancyBefore] = [0, 1, 1];
  for (let step = 0; step < found.length; step += 1) {
    let discrepancy = 0;
    for (let at = 0; at <= errors; at += 1) {
      discrepancy ^= times(locator[at] ?? 0, found[step - at] ?? 0);
    }
    if (discrepancy === 0) {
      gap += 1;
      continue;
    }
    const factor = over(discrepancy, discrepancyBefore);
    const length = Math.max(locator.length, before.length + gap);
    const next = Array.from({ length }, (_, at) => {
      return (locator[at] ?? 0) ^ times(factor, before[at - gap] ?? 0);
    });
    if (2 * errors <= step) {
      errors = step + 1 - errors;
      before = locator;
      discrepancyBefore = discrepancy;
      gap = 1;
    } else gap += 1;
    locator = next;
  }
  return locator.slice(0, errors + 1);
}

/** The product of two polynomials, lowest power first, without powers from 16 on. */
function productUpTo(one: readonly number[], other: readonly number[]): readonly number[] {
  return Array.from({ length: parityBytes }, (_, degree) => {
    let value = 0;
    for (let at = 0; at <= degree; at += 1) value ^= times(one[at] ?? 0, other[degree - at] ?? 0);
    return value;
  });
}

/** In a field of characteristic 2 the even powers vanish. */
function derivative(polynomial: readonly number[]): readonly number[] {
  return polynomial.slice(1).map((value, at) => (at % 2 === 0 ? value : 0));
}

function valueAt(polynomial: readonly number[], place: number): number {
  return polynomial.reduceRight((value, coefficient) => times(value, place) ^ coefficient, 0);
}
