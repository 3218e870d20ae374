// Optimiser steps and other updates in place.

LAB_INLINE void sgdStep(LabInt i, LabInt live, float rate, float momentum, bool nesterov, float decay,
                        float gradientScale, float *p, const float *g, float *v) {
  const Vec parameter = loadFirst(p + i, live);
  const Vec gradient = decay * parameter + gradientScale * loadFirst(g + i, live);
  Vec step = gradient;
  if (v) {
    const Vec velocity = momentum * loadFirst(v + i, live) + gradient;
    storeFirst(v + i, live, velocity);
    step = nesterov ? momentum * velocity + gradient : velocity;
  }
  storeFirst(p + i, live, parameter - rate * step);
}

static void sgd(LabInt count, float rate, float momentum, bool nesterov, float decay, float gradientScale, float *p,
                const float *g, float *v) {
  if (momentum == 0 || v == NULL) {
    LAB_SWEEP(count, sgdStep, rate, 0.0f, false, decay, gradientScale, p, g, NULL);
  } else if (nesterov) {
    LAB_SWEEP(count, sgdStep, rate, momentum, true, decay, gradientScale, p, g, v);
  } else {
    LAB_SWEEP(count, sgdStep, rate, momentum, false, decay, gradientScale, p, g, v);
  }
}

typedef struct {
  float step, share1, share2, epsilon, gradientDecay, parameterDecay, gradientScale;
  float inverseRoot2;  // 1 / √correction2
} AdamFactors;

LAB_INLINE void adamStep(LabInt i, LabInt live, const AdamFactors f, float *p, const float *g, float *m, float *v) {
  const Vec parameter = loadFirst(p + i, live);
  const Vec gradient = f.gradientDecay * parameter + f.gradientScale * loadFirst(g + i, live);
  const Vec oldFirst = loadFirst(m + i, live);
  const Vec oldSecond = loadFirst(v + i, live);
  const Vec first = oldFirst + f.share1 * (gradient - oldFirst);
  const Vec second = oldSecond + f.share2 * (gradient * gradient - oldSecond);
  storeFirst(m + i, live, first);
  storeFirst(v + i, live, second);
  const Vec denominator = __builtin_elementwise_sqrt(second) * f.inverseRoot2 + f.epsilon;
  storeFirst(p + i, live, parameter - (f.parameterDecay * parameter + f.step * first / denominator));
}

// 1 − β of a β near 1 has few digits left in single precision, and so have β and its complement between them: the
// moments therefore go towards the gradient by 1 − β of the way, which is rounded once.
static void adam(LabInt count, float rate, double beta1, double beta2, float epsilon, float decay, bool decoupled,
                 float correction1, float correction2, float gradientScale, float *p, const float *g, float *m,
                 float *v) {
  const AdamFactors factors = {
      .step = rate / correction1,
      .share1 = (float)(1 - beta1),
      .share2 = (float)(1 - beta2),
      .epsilon = epsilon,
      .gradientDecay = decoupled ? 0 : decay,
      .parameterDecay = decoupled ? rate * decay : 0,
      .gradientScale = gradientScale,
      .inverseRoot2 = (float)(1 / sqrt(correction2)),
  };
  LAB_SWEEP(count, adamStep, factors, p, g, m, v);
}

LAB_INLINE void movingAverageStep(LabInt i, LabInt live, float share, float *average, const float *value) {
  const Vec old = loadFirst(average + i, live);
  storeFirst(average + i, live, old + share * (loadFirst(value + i, live) - old));
}

static void movingAverage(LabInt count, float share, float *average, const float *value) {
  LAB_SWEEP(count, movingAverageStep, share, average, value);
}

LAB_INLINE void accumulateStep(LabInt i, LabInt live, const float *x, float *y) {
  storeFirst(y + i, live, loadFirst(y + i, live) + loadFirst(x + i, live));
}

static void accumulate(LabInt count, const float *x, float *y) { LAB_SWEEP(count, accumulateStep, x, y); }
