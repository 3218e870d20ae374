// apply: normalisation's scale and shift, residual, addend and activation in one pass.
//
// The work is split into planes (one sample's pixels of one channel block). For each plane everything that is constant
// in it becomes one vector, and a span function with the remaining options fixed runs over its pixels.

typedef enum { residualNone = 0, residualPlain, residualScaled, residualKinds } ResidualKind;

typedef enum { outputStored = 0, outputPooled, outputBoth, outputKinds } OutputKind;

typedef struct {
  LabInt pixels;
  const float *x, *residual;
  float *y;
  Vec scale, shift, residualScale;
  VecInt live;
  Vec pooled;  // result: the sum over the pixels
} ApplySpan;

LAB_INLINE ResidualKind residualKind(LabSource residual, const float *scale) {
  return isAbsent(residual) ? residualNone : scale == NULL ? residualPlain : residualScaled;
}

// The activation's operand. reduceGradient recomputes it with the same roundings.
LAB_INLINE Vec preactivation(Vec x, Vec scale, Vec shift, ResidualKind kind, Vec residual, Vec residualScale) {
  const Vec v = x * scale + shift;
  switch (kind) {
    case residualPlain: return v + residual;
    case residualScaled: return residual * residualScale + v;
    default: return v;
  }
}

LAB_INLINE Vec applyPixel(const ApplySpan *s, LabInt pixel, LabActivation activation, ResidualKind kind) {
  const LabInt i = pixel * lanes;
  const Vec residual = kind == residualNone ? (Vec)0.0f : load(s->residual + i);
  const Vec v =
      activate(activation, preactivation(load(s->x + i), s->scale, s->shift, kind, residual, s->residualScale));
  return movesZero(activation) ? masked(v, s->live) : v;
}

LAB_INLINE void applySpan(ApplySpan *span, LabActivation activation, ResidualKind kind, OutputKind output) {
  const ApplySpan s = *span;
  Vec total = (Vec)0.0f;
  for (LabInt start = 0; start < s.pixels; start += longestSpan) {
    const LabInt end = smaller(start + longestSpan, s.pixels);
    Vec sums[streams] = {0};
    LabInt pixel = start;
    for (; pixel + streams <= end; pixel += streams) {
      for (int u = 0; u < streams; u++) {
        const Vec v = applyPixel(&s, pixel + u, activation, kind);
        if (output != outputPooled) store(s.y + (pixel + u) * lanes, v);
        if (output != outputStored) sums[u] += v;
      }
    }
    for (; pixel < end; pixel++) {
      const Vec v = applyPixel(&s, pixel, activation, kind);
      if (output != outputPooled) store(s.y + pixel * lanes, v);
      if (output != outputStored) sums[0] += v;
    }
    total += sumOfStreams(sums);
  }
  span->pooled = total;
}

typedef void (*ApplySpanFunction)(ApplySpan *);

// The common activations get a function for each combination of options.
#define LAB_APPLY_FUNCTION(NAME, ACTIVATION, KIND, OUTPUT) \
  static void NAME(ApplySpan *s) { applySpan(s, ACTIVATION, KIND, OUTPUT); }
#define LAB_APPLY_OUTPUTS(NAME, ACTIVATION, KIND)                    \
  LAB_APPLY_FUNCTION(NAME##Stored, ACTIVATION, KIND, outputStored)   \
  LAB_APPLY_FUNCTION(NAME##Pooled, ACTIVATION, KIND, outputPooled)   \
  LAB_APPLY_FUNCTION(NAME##Both, ACTIVATION, KIND, outputBoth)       \
  static const ApplySpanFunction NAME[outputKinds] = {NAME##Stored, NAME##Pooled, NAME##Both};

LAB_APPLY_OUTPUTS(applyPlain, LAB_ACTIVATION_NONE, residualNone)
LAB_APPLY_OUTPUTS(applyPlainResidual, LAB_ACTIVATION_NONE, residualPlain)
LAB_APPLY_OUTPUTS(applyPlainScaledResidual, LAB_ACTIVATION_NONE, residualScaled)
LAB_APPLY_OUTPUTS(applyRelu, LAB_ACTIVATION_RELU, residualNone)
LAB_APPLY_OUTPUTS(applyReluResidual, LAB_ACTIVATION_RELU, residualPlain)
LAB_APPLY_OUTPUTS(applyReluScaledResidual, LAB_ACTIVATION_RELU, residualScaled)
LAB_APPLY_OUTPUTS(applyRelu6, LAB_ACTIVATION_RELU6, residualNone)
LAB_APPLY_OUTPUTS(applyRelu6Residual, LAB_ACTIVATION_RELU6, residualPlain)
LAB_APPLY_OUTPUTS(applyRelu6ScaledResidual, LAB_ACTIVATION_RELU6, residualScaled)

static const ApplySpanFunction *const applyPlainFunctions[residualKinds] = {
    applyPlain, applyPlainResidual, applyPlainScaledResidual};
static const ApplySpanFunction *const applyReluFunctions[residualKinds] = {
    applyRelu, applyReluResidual, applyReluScaledResidual};
static const ApplySpanFunction *const applyRelu6Functions[residualKinds] = {
    applyRelu6, applyRelu6Residual, applyRelu6ScaledResidual};

// NULL for activations that are bound by arithmetic.
static ApplySpanFunction applyFunction(LabActivation activation, ResidualKind kind, OutputKind output) {
  switch (activation) {
    case LAB_ACTIVATION_NONE: return applyPlainFunctions[kind][output];
    case LAB_ACTIVATION_RELU: return applyReluFunctions[kind][output];
    case LAB_ACTIVATION_RELU6: return applyRelu6Functions[kind][output];
    default: return NULL;
  }
}

// The others are bound by arithmetic: first the operands, then the activation, each in a pass over a chunk in the cache.
LAB_INLINE void applyActivationSpan(ApplySpan *span, LabActivation activation, ResidualKind kind, OutputKind output) {
  enum { chunk = 64 };
  float operands[chunk * LAB_BLOCK];
  ApplySpan part = *span;
  part.y = operands;
  Vec total = (Vec)0.0f;
  for (LabInt start = 0; start < span->pixels; start += chunk) {
    part.x = span->x + start * lanes;
    part.residual = kind == residualNone ? NULL : span->residual + start * lanes;
    part.pixels = smaller(chunk, span->pixels - start);
    applyPlainFunctions[kind][outputStored](&part);
    Vec sum = (Vec)0.0f;
    for (LabInt pixel = 0; pixel < part.pixels; pixel++) {
      Vec v = activate(activation, load(operands + pixel * lanes));
      if (movesZero(activation)) v = masked(v, span->live);
      if (output != outputPooled) store(span->y + (start + pixel) * lanes, v);
      sum += v;
    }
    total += sum;
  }
  span->pooled = total;
}

static void applyOther(ApplySpan *s, LabActivation activation, ResidualKind kind, OutputKind output) {
  switch (activation) {
#define LAB_CASE(ACTIVATION) \
  case ACTIVATION: applyActivationSpan(s, ACTIVATION, kind, output); break;
    LAB_EACH_ACTIVATION(LAB_CASE)
#undef LAB_CASE
  }
}

static void applyPlane(const LabApply *a, LabInt sample, LabInt block) {
  const LabExtent extent = a->extent;
  const ResidualKind kind = residualKind(a->residual, a->residualScale);
  const OutputKind output = a->pooled == NULL ? outputStored : a->y == NULL ? outputPooled : outputBoth;
  const ApplySpanFunction function = applyFunction(a->activation, kind, output);
  const VecInt live = liveLanes(extent.channels, block);
  const LabInt row = sample * extent.blocks;
  const bool widens = a->x.bfloat16 || a->residual.bfloat16;
  const LabInt spanPixels = widens ? widenedPixels : extent.pixels;
  WidenedSpan x, residual;
  ApplySpan span = {
      .scale = channelVector(a->scale, block, live, 1),
      .shift = channelVector(a->shift, block, live, 0),
      .residualScale = channelVector(a->residualScale, block, live, 1),
      .live = live,
  };
  if (kind == residualScaled) span.shift += channelVector(a->residualShift, block, live, 0);
  if (a->addend) span.shift += channelVector(a->addend + row * lanes, block, live, 0);
  for (LabInt start = 0; start < extent.pixels; start += spanPixels) {
    const LabInt offset = planeOffset(extent, sample, block) + start * lanes;
    span.pixels = smaller(spanPixels, extent.pixels - start);
    span.x = spanOf(a->x, offset, span.pixels, &x);
    span.residual = spanOf(a->residual, offset, span.pixels, &residual);
    span.y = a->y ? a->y + offset : NULL;
    if (function) {
      function(&span);
    } else {
      applyOther(&span, a->activation, kind, output);
    }
    if (a->pooled) {
      float *pooled = a->pooled + (row + block) * lanes;
      store(pooled, start == 0 ? span.pooled : load(pooled) + span.pooled);
    }
  }
}

static void apply(const LabApply *a) {
  if (a->y == NULL && a->pooled == NULL) return;
  for (LabInt sample = 0; sample < a->extent.samples; sample++) {
    for (LabInt block = 0; block < a->extent.blocks; block++) applyPlane(a, sample, block);
  }
}
