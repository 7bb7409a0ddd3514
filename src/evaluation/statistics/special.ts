/**
 * The few distribution functions that the intervals and tests need, from their textbook expansions.
 * They agree with SciPy to 1e-11 where they are used (special.test.ts). Packages that have them bring
 * hundreds of others, or stop at 1e-8.
 */

/** Coefficients of Lanczos' approximation, g = 7, n = 9 (P. Godfrey, 2001). */
const lanczos = [
  0.999_999_999_999_809_93, 676.520_368_121_885_1, -1_259.139_216_722_402_8, 771.323_428_777_653_13,
  -176.615_029_162_140_6, 12.507_343_278_686_905, -0.138_571_095_265_720_12,
  9.984_369_578_019_572e-6, 1.505_632_735_149_311_6e-7,
];

/** The logarithm of the gamma function of a positive number. */
export function logGamma(x: number): number {
  const [first = 1, ...rest] = lanczos;
  let sum = first;
  for (const [index, coefficient] of rest.entries()) sum += coefficient / (x + index);
  const base = x + 6.5;
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(base) - base + Math.log(sum);
}

/** Nothing smaller matters, and nothing is divided by it. */
const tiny = 1e-300;
const precision = 1e-16;
/** Both fractions converge in some tens of terms; the square root of the parameters at worst. */
const mostTerms = 10_000;

/**
 * The regularized incomplete beta function I_x(a, b): the share of a beta distribution below x.
 * DLMF 8.17.22, the continued fraction, by Lentz' method; symmetric (8.17.4) where that is nearer.
 */
export function regularizedBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - regularizedBeta(1 - x, b, a);
  const front = Math.exp(
    a * Math.log(x) + b * Math.log1p(-x) + logGamma(a + b) - logGamma(a) - logGamma(b),
  );
  return (front * betaFraction(x, a, b)) / a;
}

function betaFraction(x: number, a: number, b: number): number {
  const apart = (value: number): number => (Math.abs(value) < tiny ? tiny : value);
  let c = 1;
  let d = 1 / apart(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; m < mostTerms; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / apart(1 + even * d);
    c = apart(1 + even / c);
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / apart(1 + odd * d);
    c = apart(1 + odd / c);
    fraction *= d * c;
    if (Math.abs(d * c - 1) < precision) break;
  }
  return fraction;
}

/** Below which value a share of a beta distribution lies. */
export function betaQuantile(share: number, a: number, b: number): number {
  return rootBetween(0, 1, (x) => regularizedBeta(x, a, b) - share);
}

/**
 * Below which value a share of Student's t distribution lies.
 * @param share more than 0, less than 1
 */
export function tQuantile(share: number, degrees: number): number {
  if (share < 0.5) return -tQuantile(1 - share, degrees);
  // P(|T| > t) = I_x(degrees / 2, 1 / 2) with x = degrees / (degrees + t²), DLMF 8.17 and 26.5.27
  // of Abramowitz and Stegun.
  const x = betaQuantile(2 * (1 - share), degrees / 2, 0.5);
  return Math.sqrt((degrees * (1 - x)) / x);
}

/** The share of a standard normal distribution above z. */
export function normalUpperTail(z: number): number {
  if (z < 0) return 1 - normalUpperTail(-z);
  // Half of the upper incomplete gamma function Q(1/2, z²/2), DLMF 7.11.2.
  const x = (z * z) / 2;
  const front = Math.sqrt(x / Math.PI) * Math.exp(-x);
  return x < 1.5 ? (1 - front * gammaSeries(x)) / 2 : (front * gammaFraction(x)) / 2;
}

/** DLMF 8.7.1 with a = 1/2. */
function gammaSeries(x: number): number {
  let term = 2;
  let sum = term;
  for (let n = 1; term > sum * precision; n += 1) {
    term *= x / (n + 0.5);
    sum += term;
  }
  return sum;
}

/** DLMF 8.9.2 with a = 1/2, by Lentz' method. */
function gammaFraction(x: number): number {
  let b = x + 0.5;
  let c = 1 / tiny;
  let d = 1 / b;
  let fraction = d;
  for (let n = 1; n < mostTerms; n += 1) {
    const factor = -n * (n - 0.5);
    b += 2;
    d = 1 / (factor * d + b);
    c = b + factor / c;
    fraction *= d * c;
    if (Math.abs(d * c - 1) < precision) break;
  }
  return fraction;
}

/**
 * Below which value a share of a standard normal distribution lies.
 * @param share more than 1e-300, less than 1
 */
export function normalQuantile(share: number): number {
  if (share > 0.5) return -normalQuantile(1 - share);
  return -rootBetween(0, 40, (z) => share - normalUpperTail(z));
}

/** Where a rising function is 0, to the last bit: halving needs no derivative and cannot go astray. */
function rootBetween(low: number, high: number, rising: (x: number) => number): number {
  for (;;) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) return middle;
    if (rising(middle) < 0) low = middle;
    else high = middle;
  }
}
