// The activation functions and their derivatives. The function is always a constant, so that one case remains.

#define LAB_EACH_ACTIVATION(X)                                                                        \
  X(LAB_ACTIVATION_NONE) X(LAB_ACTIVATION_RELU) X(LAB_ACTIVATION_RELU6) X(LAB_ACTIVATION_SILU)        \
  X(LAB_ACTIVATION_HARD_SWISH) X(LAB_ACTIVATION_HARD_SIGMOID) X(LAB_ACTIVATION_GELU)                  \
  X(LAB_ACTIVATION_SIGMOID) X(LAB_ACTIVATION_TANH)

enum { activationCount = LAB_ACTIVATION_TANH + 1 };

LAB_INLINE Vec clipped(Vec x, float low, float high) { return minimum((Vec)high, maximum((Vec)low, x)); }

LAB_INLINE Vec activate(LabActivation activation, Vec x) {
  switch (activation) {
    case LAB_ACTIVATION_NONE: return x;
    case LAB_ACTIVATION_RELU: return maximum((Vec)0.0f, x);
    case LAB_ACTIVATION_RELU6: return clipped(x, 0, 6);
    case LAB_ACTIVATION_SILU: return x * sigmoid(x);
    case LAB_ACTIVATION_HARD_SWISH: return x * (clipped(x + 3.0f, 0, 6) * (1.0f / 6));
    case LAB_ACTIVATION_HARD_SIGMOID: return clipped(x + 3.0f, 0, 6) * (1.0f / 6);
    case LAB_ACTIVATION_GELU: return x * normal(x).distribution;
    case LAB_ACTIVATION_SIGMOID: return sigmoid(x);
    case LAB_ACTIVATION_TANH: return hyperbolicTangent(x);
  }
}

// Whether the function is not zero at zero, so that unused lanes have to be cleared.
LAB_INLINE bool movesZero(LabActivation activation) {
  return activation == LAB_ACTIVATION_SIGMOID || activation == LAB_ACTIVATION_HARD_SIGMOID;
}

LAB_INLINE bool differentiatesFromOutput(LabActivation activation) {
  return activation == LAB_ACTIVATION_RELU || activation == LAB_ACTIVATION_RELU6 ||
         activation == LAB_ACTIVATION_SIGMOID || activation == LAB_ACTIVATION_TANH;
}

// upstream · activation', from the activation's result where it differentiates from the output, else from its operand.
LAB_INLINE Vec differentiate(LabActivation activation, Vec upstream, Vec saved) {
  switch (activation) {
    case LAB_ACTIVATION_NONE: return upstream;
    case LAB_ACTIVATION_RELU: return saved <= 0 ? (Vec)0.0f : upstream;
    case LAB_ACTIVATION_RELU6: return ((saved <= 0) | (saved >= 6)) ? (Vec)0.0f : upstream;
    case LAB_ACTIVATION_SILU: {
      const Vec s = sigmoid(saved);
      return upstream * (s * (1.0f + saved * (1.0f - s)));
    }
    case LAB_ACTIVATION_HARD_SWISH: {
      const Vec inner = upstream * (saved * (1.0f / 3) + 0.5f);
      return saved <= -3 ? (Vec)0.0f : saved >= 3 ? upstream : inner;
    }
    case LAB_ACTIVATION_HARD_SIGMOID: return ((saved <= -3) | (saved >= 3)) ? (Vec)0.0f : upstream * (1.0f / 6);
    case LAB_ACTIVATION_GELU: {
      const Normal n = normal(saved);
      return upstream * (n.distribution + saved * n.density);
    }
    case LAB_ACTIVATION_SIGMOID: return upstream * (saved * (1.0f - saved));
    case LAB_ACTIVATION_TANH: return upstream * (1.0f - saved * saved);
  }
}

// upstream · activation' from the activation's operand. The derivatives of the clipping functions are the same from
// operand and result.
LAB_INLINE Vec differentiateOperand(LabActivation activation, Vec upstream, Vec operand) {
  const bool needsResult = activation == LAB_ACTIVATION_SIGMOID || activation == LAB_ACTIVATION_TANH;
  return differentiate(activation, upstream, needsResult ? activate(activation, operand) : operand);
}
