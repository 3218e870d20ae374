// Maps of single elements: activations, elementary functions, binary operations.

LAB_INLINE void activationStep(LabInt i, LabInt live, LabActivation activation, const float *x, float *y) {
  storeFirst(y + i, live, activate(activation, loadFirst(x + i, live)));
}

static void activation(LabInt count, LabActivation activation, const float *x, float *y) {
  switch (activation) {
#define LAB_CASE(ACTIVATION) \
  case ACTIVATION: LAB_SWEEP(count, activationStep, ACTIVATION, x, y); break;
    LAB_EACH_ACTIVATION(LAB_CASE)
#undef LAB_CASE
  }
}

LAB_INLINE void activationGradientStep(LabInt i, LabInt live, LabActivation activation, const float *upstream,
                                       const float *saved, float *dx) {
  storeFirst(dx + i, live, differentiate(activation, loadFirst(upstream + i, live), loadFirst(saved + i, live)));
}

static void activationGradient(LabInt count, LabActivation activation, const float *upstream, const float *saved,
                               float *dx) {
  switch (activation) {
#define LAB_CASE(ACTIVATION) \
  case ACTIVATION: LAB_SWEEP(count, activationGradientStep, ACTIVATION, upstream, saved, dx); break;
    LAB_EACH_ACTIVATION(LAB_CASE)
#undef LAB_CASE
  }
}

#define LAB_EACH_UNARY(X)                                                                            \
  X(LAB_NEGATE) X(LAB_EXPONENTIAL) X(LAB_LOGARITHM) X(LAB_SQUARE) X(LAB_SQUARE_ROOT) X(LAB_RECIPROCAL) \
  X(LAB_RECIPROCAL_SQUARE_ROOT) X(LAB_AFFINE)

LAB_INLINE Vec unaryFunction(LabUnary function, Vec x, float factor, float offset) {
  switch (function) {
    case LAB_NEGATE: return -x;
    case LAB_EXPONENTIAL: return exponential(x);
    case LAB_LOGARITHM: return logarithm(x);
    case LAB_SQUARE: return x * x;
    case LAB_SQUARE_ROOT: return __builtin_elementwise_sqrt(x);
    case LAB_RECIPROCAL: return 1.0f / x;
    case LAB_RECIPROCAL_SQUARE_ROOT: return 1.0f / __builtin_elementwise_sqrt(x);
    case LAB_AFFINE: return x * factor + offset;
  }
}

LAB_INLINE void unaryStep(LabInt i, LabInt live, LabUnary function, float factor, float offset, const float *x,
                          float *y) {
  storeFirst(y + i, live, unaryFunction(function, loadFirst(x + i, live), factor, offset));
}

static void unary(LabInt count, LabUnary function, float factor, float offset, const float *x, float *y) {
  switch (function) {
#define LAB_CASE(FUNCTION) \
  case FUNCTION: LAB_SWEEP(count, unaryStep, FUNCTION, factor, offset, x, y); break;
    LAB_EACH_UNARY(LAB_CASE)
#undef LAB_CASE
  }
}

#define LAB_EACH_BINARY(X) X(LAB_ADD) X(LAB_SUBTRACT) X(LAB_MULTIPLY) X(LAB_DIVIDE)

LAB_INLINE Vec binaryFunction(LabBinary function, Vec a, Vec b) {
  switch (function) {
    case LAB_ADD: return a + b;
    case LAB_SUBTRACT: return a - b;
    case LAB_MULTIPLY: return a * b;
    case LAB_DIVIDE: return a / b;
  }
}

// Operands of stride 0 or 1.
LAB_INLINE void binaryStep(LabInt i, LabInt live, LabBinary function, const float *a, LabInt aStride, const float *b,
                           LabInt bStride, float *y) {
  const Vec left = aStride ? loadFirst(a + i, live) : (Vec)*a;
  const Vec right = bStride ? loadFirst(b + i, live) : (Vec)*b;
  storeFirst(y + i, live, binaryFunction(function, left, right));
}

LAB_INLINE void binaryRun(LabInt count, LabBinary function, const float *a, LabInt aStride, const float *b,
                          LabInt bStride, float *y) {
  if (aStride == 1 && bStride == 1) {
    LAB_SWEEP(count, binaryStep, function, a, 1, b, 1, y);
  } else if (aStride == 1 && bStride == 0) {
    LAB_SWEEP(count, binaryStep, function, a, 1, b, 0, y);
  } else if (aStride == 0 && bStride == 1) {
    LAB_SWEEP(count, binaryStep, function, a, 0, b, 1, y);
  } else {
    for (LabInt i = 0; i < count; i++) {
      y[i] = binaryFunction(function, (Vec)a[i * aStride], (Vec)b[i * bStride])[0];
    }
  }
}

static void binary(LabInt count, LabBinary function, const float *a, const float *b, float *y) {
  switch (function) {
#define LAB_CASE(FUNCTION) \
  case FUNCTION: LAB_SWEEP(count, binaryStep, FUNCTION, a, 1, b, 1, y); break;
    LAB_EACH_BINARY(LAB_CASE)
#undef LAB_CASE
  }
}
