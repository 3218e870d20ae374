// Rows of logits: softmax and the classification losses.

// Σ e^(x − maximum) in double precision; the exponentials are stored where asked for.
LAB_INLINE double sumOfExponentials(LabInt columns, const float *x, float maximum, float *exponentials) {
  VecDouble total = (VecDouble)0.0;
  for (LabInt i = 0; i < columns; i += lanes) {
    const LabInt live = smaller(columns - i, lanes);
    const Vec v = live == lanes ? load(x + i) : loadFirstOr(x + i, live, -INFINITY);
    const Vec e = exponential(v - maximum);
    // The lanes beyond the row stay out of the sum also where the row's own numbers are not finite.
    if (live == lanes) {
      if (exponentials) store(exponentials + i, e);
      total += __builtin_convertvector(e, VecDouble);
    } else {
      if (exponentials) storeFirst(exponentials + i, live, e);
      total += __builtin_convertvector(masked(e, firstLanes(live)), VecDouble);
    }
  }
  return sumOfDoubles(total);
}

LAB_INLINE void scaleStep(LabInt i, LabInt live, float factor, float offset, float *y) {
  storeFirst(y + i, live, loadFirst(y + i, live) * factor + offset);
}

static void softmax(LabInt rows, LabInt columns, const float *x, float *y) {
  for (LabInt row = 0; row < rows; row++) {
    const float *logits = x + row * columns;
    float *result = y + row * columns;
    const double sum = sumOfExponentials(columns, logits, maximumOfRow(logits, columns), result);
    LAB_SWEEP(columns, scaleStep, (float)(1 / sum), 0.0f, result);
  }
}

LAB_INLINE void softmaxGradientStep(LabInt i, LabInt live, float mean, const float *upstream, const float *y,
                                    float *dx) {
  storeFirst(dx + i, live, loadFirst(y + i, live) * (loadFirst(upstream + i, live) - mean));
}

// dx = y ∘ (upstream − Σ upstream·y)
static void softmaxGradient(LabInt rows, LabInt columns, const float *upstream, const float *y, float *dx) {
  for (LabInt row = 0; row < rows; row++) {
    const float *g = upstream + row * columns, *p = y + row * columns;
    VecDouble total = (VecDouble)0.0;
    for (LabInt i = 0; i < columns; i += lanes) {
      const LabInt live = smaller(columns - i, lanes);
      const Vec product = loadFirst(g + i, live) * loadFirst(p + i, live);
      total += __builtin_convertvector(product, VecDouble);
    }
    LAB_SWEEP(columns, softmaxGradientStep, (float)sumOfDoubles(total), g, p, dx + row * columns);
  }
}

// What the losses need of a row, in double precision.
typedef struct {
  float maximum;
  double sum;             // Σ e^(logit − maximum)
  double negativeLog;     // −ln p of the label
  double complement;      // 1 − p, without cancellation
} RowStatistics;

LAB_INLINE RowStatistics rowStatistics(LabInt classes, const float *logits, int32_t label, float *exponentials) {
  RowStatistics s;
  s.maximum = maximumOfRow(logits, classes);
  s.sum = sumOfExponentials(classes, logits, s.maximum, exponentials);
  // The same vector function as in the sum, so that the difference has no error from the exponential.
  const double own = exponential((Vec)(logits[label] - s.maximum))[0];
  s.negativeLog = log(s.sum) + ((double)s.maximum - logits[label]);
  s.complement = (s.sum - own) / s.sum;
  return s;
}

static void classificationLoss(LabInt rows, LabInt classes, LabLoss loss, const float *logits, const int32_t *labels,
                               const float *classWeights, float *losses) {
  for (LabInt row = 0; row < rows; row++) {
    const float *x = logits + row * classes;
    const RowStatistics s = rowStatistics(classes, x, labels[row], NULL);
    double value = s.negativeLog;
    if (loss.function == LAB_FOCAL) {
      value *= loss.alpha * pow(s.complement, loss.gamma);
    } else if (loss.labelSmoothing != 0) {
      // The mean of −ln p over the classes, from ln p_c = x_c − maximum − ln Σ.
      const double uniform = log(s.sum) + s.maximum - sumOfRow(x, classes) / (double)classes;
      value = (1 - (double)loss.labelSmoothing) * value + (double)loss.labelSmoothing * uniform;
    }
    losses[row] = (float)(classWeights ? classWeights[labels[row]] * value : value);
  }
}

static void classificationLossGradient(LabInt rows, LabInt classes, LabLoss loss, const float *upstream,
                                       const float *logits, const int32_t *labels, const float *classWeights,
                                       float *dlogits) {
  for (LabInt row = 0; row < rows; row++) {
    float *gradient = dlogits + row * classes;
    const RowStatistics s = rowStatistics(classes, logits + row * classes, labels[row], gradient);
    const double weight = (double)upstream[row] * (classWeights ? classWeights[labels[row]] : 1);
    // Every logit's gradient is slope·p_c + offset, but for the label's own.
    double slope = weight, offset = 0, own = -weight * s.complement;
    if (loss.function == LAB_FOCAL) {
      const double q = s.complement;
      const double power = pow(q, loss.gamma);
      // q^(γ−1) may be infinite where the loss itself has vanished.
      const double steep = q > 0 ? loss.gamma * pow(q, loss.gamma - 1.0) * (1 - q) * s.negativeLog : 0;
      slope = weight * loss.alpha * (power + steep);
      own = -slope * q;
    } else {
      const double share = (double)loss.labelSmoothing / (double)classes;
      offset = -weight * share;
      own = weight * ((double)loss.labelSmoothing - share - s.complement);
    }
    LAB_SWEEP(classes, scaleStep, (float)(slope / s.sum), (float)offset, gradient);
    gradient[labels[row]] = (float)own;
  }
}
