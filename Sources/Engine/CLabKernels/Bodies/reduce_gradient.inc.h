// reduceGradient: the gradient of an activation's operand and the sums of batch normalisation's backward pass.
//
// As in apply, what is constant in a plane becomes a vector and a span function with fixed options does the pixels.

// Where the derivative comes from: `saved`, or the operand recomputed with each kind of residual.
typedef enum {
  derivativeNone = 0,
  derivativeSaved,
  derivativeRecomputed,
  derivativeRecomputedResidual,
  derivativeRecomputedScaledResidual,
  derivativeKinds
} DerivativeKind;

typedef struct {
  LabInt pixels;
  const float *upstream1, *upstream2, *saved, *savedX, *savedResidual, *x1, *x2;
  float *g;
  bool passesCache;  // whether the caches will not hold g until it is read again
  Vec addend, savedScale, savedShift, savedResidualScale, mean1, mean2;
  Vec sum, sumX1, sumX2;  // results
} GradientSpan;

LAB_INLINE Vec upstreamGradient(const GradientSpan *s, LabInt i, int upstreams) {
  Vec g = s->addend;
  if (upstreams >= 1) g += load(s->upstream1 + i);
  if (upstreams >= 2) g += load(s->upstream2 + i);
  return g;
}

LAB_INLINE Vec recomputedOperand(const GradientSpan *s, LabInt i, DerivativeKind derivative) {
  const ResidualKind kind = (ResidualKind)(derivative - derivativeRecomputed);
  const Vec residual = kind == residualNone ? (Vec)0.0f : load(s->savedResidual + i);
  return preactivation(load(s->savedX + i), s->savedScale, s->savedShift, kind, residual, s->savedResidualScale);
}

LAB_INLINE Vec gradientPixel(const GradientSpan *s, LabInt i, LabActivation activation, DerivativeKind derivative,
                             int upstreams) {
  const Vec upstream = upstreamGradient(s, i, upstreams);
  switch (derivative) {
    case derivativeNone: return upstream;
    case derivativeSaved: return differentiate(activation, upstream, load(s->saved + i));
    default: return differentiateOperand(activation, upstream, recomputedOperand(s, i, derivative));
  }
}

typedef struct {
  Vec g[streams], gX1[streams], gX2[streams];
} GradientSums;

LAB_INLINE void sumGradientPixel(const GradientSpan *s, LabInt pixel, int stream, LabActivation activation,
                                 DerivativeKind derivative, int upstreams, int normalised, GradientSums *sums) {
  const LabInt i = pixel * lanes;
  const Vec g = gradientPixel(s, i, activation, derivative, upstreams);
  sums->g[stream] += g;
  if (normalised >= 1) sums->gX1[stream] = g * (load(s->x1 + i) - s->mean1) + sums->gX1[stream];
  if (normalised >= 2) sums->gX2[stream] = g * (load(s->x2 + i) - s->mean2) + sums->gX2[stream];
  // Last, because the gradient may take the place of one of the operands.
  if (s->g == NULL) return;
  if (s->passesCache) {
    storePast(s->g + i, g);
  } else {
    store(s->g + i, g);
  }
}

LAB_INLINE void gradientSpan(GradientSpan *span, LabActivation activation, DerivativeKind derivative, int upstreams,
                             int normalised) {
  const GradientSpan s = *span;
  GradientSums sums = {0};
  LabInt pixel = 0;
  for (; pixel + streams <= s.pixels; pixel += streams) {
    for (int u = 0; u < streams; u++) {
      sumGradientPixel(&s, pixel + u, u, activation, derivative, upstreams, normalised, &sums);
    }
  }
  for (; pixel < s.pixels; pixel++) {
    sumGradientPixel(&s, pixel, 0, activation, derivative, upstreams, normalised, &sums);
  }
  span->sum = sumOfStreams(sums.g);
  span->sumX1 = sumOfStreams(sums.gX1);
  span->sumX2 = sumOfStreams(sums.gX2);
}

typedef void (*GradientSpanFunction)(GradientSpan *);

// A function for each number of upstreams and normalised tensors of the common cases.
#define LAB_GRADIENT_FUNCTION(NAME, ACTIVATION, DERIVATIVE, UPSTREAMS, NORMALISED)                 \
  static void NAME##UPSTREAMS##NORMALISED(GradientSpan *s) {                                      \
    gradientSpan(s, ACTIVATION, DERIVATIVE, UPSTREAMS, NORMALISED);                               \
  }
#define LAB_GRADIENT_FUNCTIONS(NAME, ACTIVATION, DERIVATIVE)                                       \
  LAB_GRADIENT_FUNCTION(NAME, ACTIVATION, DERIVATIVE, 0, 0)                                        \
  LAB_GRADIENT_FUNCTION(NAME, ACTIVATION, DERIVATIVE, 0, 1)                                        \
  LAB_GRADIENT_FUNCTION(NAME, ACTIVATION, DERIVATIVE, 0, 2)                                        \
  LAB_GRADIENT_FUNCTION(NAME, ACTIVATION, DERIVATIVE, 1, 0)                                        \
  LAB_GRADIENT_FUNCTION(NAME, ACTIVATION, DERIVATIVE, 1, 1)                                        \
  LAB_GRADIENT_FUNCTION(NAME, ACTIVATION, DERIVATIVE, 1, 2)                                        \
  LAB_GRADIENT_FUNCTION(NAME, ACTIVATION, DERIVATIVE, 2, 0)                                        \
  LAB_GRADIENT_FUNCTION(NAME, ACTIVATION, DERIVATIVE, 2, 1)                                        \
  LAB_GRADIENT_FUNCTION(NAME, ACTIVATION, DERIVATIVE, 2, 2)                                        \
  static const GradientSpanFunction NAME##Functions[3][3] = {{NAME##00, NAME##01, NAME##02},       \
                                                             {NAME##10, NAME##11, NAME##12},       \
                                                             {NAME##20, NAME##21, NAME##22}};

LAB_GRADIENT_FUNCTIONS(gradientPlain, LAB_ACTIVATION_NONE, derivativeNone)

// The functions of one activation by kind of derivative, as `gradient##NAME##Function`.
#define LAB_ACTIVATION_GRADIENT(NAME, ACTIVATION)                                                                  \
  LAB_GRADIENT_FUNCTIONS(gradient##NAME##Saved, ACTIVATION, derivativeSaved)                                       \
  LAB_GRADIENT_FUNCTIONS(gradient##NAME##Recomputed, ACTIVATION, derivativeRecomputed)                             \
  LAB_GRADIENT_FUNCTIONS(gradient##NAME##Residual, ACTIVATION, derivativeRecomputedResidual)                       \
  LAB_GRADIENT_FUNCTIONS(gradient##NAME##Scaled, ACTIVATION, derivativeRecomputedScaledResidual)                   \
  static GradientSpanFunction gradient##NAME##Function(DerivativeKind derivative, int upstreams, int normalised) { \
    switch (derivative) {                                                                                          \
      case derivativeSaved: return gradient##NAME##SavedFunctions[upstreams][normalised];                          \
      case derivativeRecomputed: return gradient##NAME##RecomputedFunctions[upstreams][normalised];                \
      case derivativeRecomputedResidual: return gradient##NAME##ResidualFunctions[upstreams][normalised];          \
      case derivativeRecomputedScaledResidual: return gradient##NAME##ScaledFunctions[upstreams][normalised];      \
      default: return gradientPlainFunctions[upstreams][normalised];                                               \
    }                                                                                                              \
  }

LAB_ACTIVATION_GRADIENT(Relu, LAB_ACTIVATION_RELU)
LAB_ACTIVATION_GRADIENT(Relu6, LAB_ACTIVATION_RELU6)

// NULL for activations that are bound by arithmetic.
static GradientSpanFunction gradientFunction(LabActivation activation, DerivativeKind derivative, int upstreams,
                                             int normalised) {
  switch (activation) {
    case LAB_ACTIVATION_NONE: return gradientPlainFunctions[upstreams][normalised];
    case LAB_ACTIVATION_RELU: return gradientReluFunction(derivative, upstreams, normalised);
    case LAB_ACTIVATION_RELU6: return gradientRelu6Function(derivative, upstreams, normalised);
    default: return NULL;
  }
}

// The other activations are bound by arithmetic: one function each, with the options as branches that the processor
// predicts.
static void gradientOther(GradientSpan *s, LabActivation activation, DerivativeKind derivative, int upstreams,
                          int normalised) {
  switch (activation) {
#define LAB_CASE(ACTIVATION)                                          \
  case ACTIVATION:                                                    \
    gradientSpan(s, ACTIVATION, derivative, upstreams, normalised);   \
    break;
    LAB_EACH_ACTIVATION(LAB_CASE)
#undef LAB_CASE
  }
}

// The memory of the operands that are in bfloat16.
typedef struct {
  WidenedSpan upstream1, upstream2, saved, savedX, savedResidual, x1, x2;
} WidenedGradient;

LAB_INLINE bool readsBFloat16(const LabReduceGradient *a) {
  return a->upstream1.bfloat16 || a->upstream2.bfloat16 || a->saved.bfloat16 || a->savedX.bfloat16 ||
         a->savedResidual.bfloat16 || a->x1.bfloat16 || a->x2.bfloat16;
}

static void reducePlaneGradient(const LabReduceGradient *a, LabInt sample, LabInt block) {
  const LabExtent extent = a->extent;
  const VecInt live = liveLanes(extent.channels, block);
  const LabInt row = sample * extent.blocks;
  const DerivativeKind derivative =
      a->activation == LAB_ACTIVATION_NONE ? derivativeNone
      : !isAbsent(a->saved)                ? derivativeSaved
                 : (DerivativeKind)(derivativeRecomputed + residualKind(a->savedResidual, a->savedResidualScale));
  const int upstreams = isAbsent(a->upstream1) ? 0 : isAbsent(a->upstream2) ? 1 : 2;
  const int normalised = isAbsent(a->x1) ? 0 : isAbsent(a->x2) ? 1 : 2;
  const GradientSpanFunction function = gradientFunction(a->activation, derivative, upstreams, normalised);
  GradientSpan span = {
      .addend = (Vec)0.0f,
      .savedScale = channelVector(a->savedScale, block, live, 1),
      .savedShift = channelVector(a->savedShift, block, live, 0),
      .savedResidualScale = channelVector(a->savedResidualScale, block, live, 1),
      .mean1 = channelVector(a->mean1, block, live, 0),
      .mean2 = channelVector(a->mean2, block, live, 0),
  };
  if (a->addend) span.addend = a->addendFactor * channelVector(a->addend + row * lanes, block, live, 0);
  if (a->savedResidualScale) span.savedShift += channelVector(a->savedResidualShift, block, live, 0);
  const LabInt spanPixels = readsBFloat16(a) ? widenedPixels : longestSpan;
  WidenedGradient widened;
  for (LabInt start = 0; start < extent.pixels; start += spanPixels) {
    const LabInt offset = planeOffset(extent, sample, block) + start * lanes;
    const LabInt pixels = smaller(spanPixels, extent.pixels - start);
    span.pixels = pixels;
    span.upstream1 = spanOf(a->upstream1, offset, pixels, &widened.upstream1);
    span.upstream2 = spanOf(a->upstream2, offset, pixels, &widened.upstream2);
    span.saved = spanOf(a->saved, offset, pixels, &widened.saved);
    span.savedX = spanOf(a->savedX, offset, pixels, &widened.savedX);
    span.savedResidual = spanOf(a->savedResidual, offset, pixels, &widened.savedResidual);
    // What is recomputed is often the result of the normalisation whose gradient is wanted.
    span.x1 = areSame(a->x1, a->savedX) ? span.savedX : spanOf(a->x1, offset, pixels, &widened.x1);
    span.x2 = areSame(a->x2, a->savedResidual) ? span.savedResidual : spanOf(a->x2, offset, pixels, &widened.x2);
    span.g = a->g ? a->g + offset : NULL;
    span.passesCache = a->passesCache && (uintptr_t)span.g % sizeof(Vec) == 0;
    if (function) {
      function(&span);
    } else {
      gradientOther(&span, a->activation, derivative, upstreams, normalised);
    }
    if (a->sum) addToDoubles(a->sum + block * lanes, span.sum);
    if (a->sumX1) addToDoubles(a->sumX1 + block * lanes, span.sumX1);
    if (a->sumX2) addToDoubles(a->sumX2 + block * lanes, span.sumX2);
  }
}

static void reduceGradient(const LabReduceGradient *a) {
  for (LabInt sample = 0; sample < a->extent.samples; sample++) {
    for (LabInt block = 0; block < a->extent.blocks; block++) reducePlaneGradient(a, sample, block);
  }
  fenceStores(a->passesCache);
}
