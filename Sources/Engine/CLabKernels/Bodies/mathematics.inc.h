// Elementary functions of vectors, each within 2e-7 of the exact value, NaN in, NaN out.
//
// The coefficients are minimax fits to the reduced functions, found by Remez exchange in 40 digits.

// Nearest integers of numbers below 2²² in size, as floats and as integers: adding 1.5·2²³ leaves them in the low bits.
typedef struct {
  Vec value;
  VecInt integer;
} Rounded;

LAB_INLINE Rounded roundedToInteger(Vec x) {
  const Vec magic = 12582912.0f;
  const Vec shifted = x + magic;
  return (Rounded){shifted - magic, (VecInt)shifted - (VecInt)magic};
}

// 2^n for −126 ≤ n ≤ 127.
LAB_INLINE Vec powerOfTwo(VecInt n) { return (Vec)((n + 127) << 23); }

// e^x = 2^n · (1 + m) with |ln(1 + m)| ≤ ln 2 / 2; `low` is a small correction to x.
typedef struct {
  VecInt n;
  Vec m;
} SplitExponential;

LAB_INLINE SplitExponential splitExponential(Vec x, Vec low) {
  const Rounded n = roundedToInteger(x * 1.44269504f);
  // ln 2 in two parts, the first with so few bits that its product with n is exact.
  Vec r = x - n.value * 0.693359375f;
  r = r - n.value * -2.12194440e-4f;
  r = r + low;
  Vec q = (Vec)0.00139475986f;
  q = q * r + 0.00836724695f;
  q = q * r + 0.0416662656f;
  q = q * r + 0.166665375f;
  q = q * r + 0.5f;
  return (SplitExponential){n.integer, q * (r * r) + r};
}

// e^(x + low): overflows to infinity and passes through the denormal numbers to zero.
LAB_INLINE Vec exponentialOfSum(Vec x, Vec low) {
  x = minimum((Vec)89.0f, maximum((Vec)-104.0f, x));
  const SplitExponential e = splitExponential(x, low);
  // The power of two in two steps, because n exceeds the exponent's range at both ends.
  const VecInt half = e.n >> 1;
  return (e.m + 1.0f) * powerOfTwo(half) * powerOfTwo(e.n - half);
}

LAB_INLINE Vec exponential(Vec x) { return exponentialOfSum(x, (Vec)0.0f); }

// ln x: −∞ at 0, NaN below.
LAB_INLINE Vec logarithm(Vec x) {
  const VecInt denormal = x < 1.17549435e-38f;
  const Vec scaled = denormal ? x * 8388608.0f : x;
  // The mantissa in [√½, √2), so that the logarithm of a number near 1 comes from the polynomial alone.
  const VecInt offset = (VecInt)scaled - 0x3f3504f3;
  const VecInt exponent = (offset >> 23) - (denormal ? (VecInt)23 : (VecInt)0);
  const Vec f = (Vec)((offset & 0x007fffff) + 0x3f3504f3) - 1.0f;
  const Vec n = __builtin_convertvector(exponent, Vec);
  Vec p = (Vec)-0.0785962045f;
  p = p * f + 0.128816515f;
  p = p * f - 0.13128753f;
  p = p * f + 0.141811907f;
  p = p * f - 0.166245535f;
  p = p * f + 0.200022861f;
  p = p * f - 0.250008106f;
  p = p * f + 0.333333164f;
  const Vec square = f * f;
  Vec tail = p * f * square;
  tail = n * -2.12194440e-4f + tail;
  tail = tail - 0.5f * square;
  Vec result = n * 0.693359375f + (f + tail);
  const Vec infinity = (Vec)INFINITY;
  result = x == infinity ? infinity : result;
  result = x == 0 ? -infinity : result;
  return ((x < 0) | (x != x)) ? (Vec)NAN : result;
}

LAB_INLINE Vec magnitude(Vec x) { return (Vec)((VecInt)x & 0x7fffffff); }

LAB_INLINE Vec withSign(Vec x, Vec sign) { return (Vec)((VecInt)x | ((VecInt)sign & INT32_MIN)); }

// 1 / (1 + e^−x), from e^−|x| so that nothing overflows.
LAB_INLINE Vec sigmoid(Vec x) {
  const Vec e = exponential(-magnitude(x));
  return (x < 0 ? e : (Vec)1.0f) / (1.0f + e);
}

// tanh x = (1 − e^−2|x|) / (1 + e^−2|x|) with the sign of x; e^−2|x| − 1 is formed without cancellation near 0.
LAB_INLINE Vec hyperbolicTangent(Vec x) {
  const Vec doubled = maximum((Vec)-40.0f, -2.0f * magnitude(x));
  const SplitExponential e = splitExponential(doubled, (Vec)0.0f);
  const Vec power = powerOfTwo(e.n);
  const Vec difference = e.m * power + (power - 1.0f);
  return withSign(-difference / (2.0f + difference), x);
}

// The normal distribution function Φ(x) and its density φ(x).
typedef struct {
  Vec distribution, density;
} Normal;

// Φ(−x) = e^(−x²/2) · R(x) / 2 for x ≥ 0, where R(x)·(x + 3.5)/3.5 is a polynomial in (x − 3.5)/(x + 3.5) up to x = 15,
// beyond which the density vanishes. This keeps the relative accuracy of the lower tail, where 1 + erf cancels.
LAB_INLINE Normal normal(Vec x) {
  const Vec a = minimum((Vec)15.0f, magnitude(x));
  // x² exactly: the square of the leading twelve bits has no rounding error.
  const Vec head = (Vec)((VecInt)a & (VecInt)0xfffff000);
  const Vec rest = (a - head) * (a + head);
  const Vec e = exponentialOfSum(-0.5f * (head * head), -0.5f * rest);
  const Vec s = 3.5f / (a + 3.5f);
  const Vec t = 1.0f - 2.0f * s;
  Vec r = (Vec)6.21102445e-05f;
  r = r * t + 0.000239041328f;
  r = r * t - 0.00028287957f;
  r = r * t - 0.00181304442f;
  r = r * t + 0.00371070113f;
  r = r * t + 0.0099461833f;
  r = r * t - 0.066316098f;
  r = r * t + 0.180242911f;
  r = r * t - 0.323178142f;
  r = r * t + 0.425380617f;
  const Vec tail = 0.5f * e * (s * r);
  return (Normal){x < 0 ? tail : 1.0f - tail, e * 0.398942280f};
}
