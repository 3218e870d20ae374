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
  float step, beta1, beta2, complement1, complement2, epsilon, gradientDecay, parameterFactor, gradientScale;
  float inverseRoot2;  // 1 / √correction2
} AdamFactors;

LAB_INLINE void adamStep(LabInt i, LabInt live, const AdamFactors f, float *p, const float *g, float *m, float *v) {
  const Vec parameter = loadFirst(p + i, live);
  const Vec gradient = f.gradientDecay * parameter + f.gradientScale * loadFirst(g + i, live);
  const Vec first = f.beta1 * loadFirst(m + i, live) + f.complement1 * gradient;
  const Vec second = f.beta2 * loadFirst(v + i, live) + f.complement2 * (gradient * gradient);
  storeFirst(m + i, live, first);
  storeFirst(v + i, live, second);
  const Vec denominator = __builtin_elementwise_sqrt(second) * f.inverseRoot2 + f.epsilon;
  storeFirst(p + i, live, parameter * f.parameterFactor - f.step * first / denominator);
}

static void adam(LabInt count, float rate, float beta1, float beta2, float epsilon, float decay, bool decoupled,
                 float correction1, float correction2, float gradientScale, float *p, const float *g, float *m,
                 float *v) {
  const AdamFactors factors = {
      .step = rate / correction1,
      .beta1 = beta1,
      .beta2 = beta2,
      .complement1 = 1 - beta1,
      .complement2 = 1 - beta2,
      .epsilon = epsilon,
      .gradientDecay = decoupled ? 0 : decay,
      .parameterFactor = decoupled ? 1 - rate * decay : 1,
      .gradientScale = gradientScale,
      .inverseRoot2 = (float)(1 / sqrt(correction2)),
  };
  LAB_SWEEP(count, adamStep, factors, p, g, m, v);
}

LAB_INLINE void movingAverageStep(LabInt i, LabInt live, float decay, float complement, float *average,
                                  const float *value) {
  storeFirst(average + i, live, decay * loadFirst(average + i, live) + complement * loadFirst(value + i, live));
}

static void movingAverage(LabInt count, float decay, float *average, const float *value) {
  LAB_SWEEP(count, movingAverageStep, decay, 1 - decay, average, value);
}

LAB_INLINE void accumulateStep(LabInt i, LabInt live, const float *x, float *y) {
  storeFirst(y + i, live, loadFirst(y + i, live) + loadFirst(x + i, live));
}

static void accumulate(LabInt count, const float *x, float *y) { LAB_SWEEP(count, accumulateStep, x, y); }
