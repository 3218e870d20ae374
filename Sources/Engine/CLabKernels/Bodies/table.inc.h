// The table of one instruction set's kernels, and its multiply-add throughput.

#define LAB_KERNEL_TABLE(NAME)                                                                                   \
  {                                                                                                              \
    .name = NAME, .block = LAB_BLOCK, .channelStatistics = channelStatistics, .apply = apply,                    \
    .reduceGradient = reduceGradient, .normGradientApply = normGradientApply, .poolSums = poolSums,              \
    .broadcastPixels = broadcastPixels, .channelSums = channelSums, .toBlocked = toBlocked,                      \
    .fromBlocked = fromBlocked, .maxPool = maxPool, .maxPoolGradient = maxPoolGradient,                          \
    .averagePool = averagePool, .averagePoolGradient = averagePoolGradient, .spaceToDepth = spaceToDepth,        \
    .depthToSpace = depthToSpace, .activation = activation, .activationGradient = activationGradient,            \
    .unary = unary, .binary = binary, .binaryStrided = binaryStrided, .copyStrided = copyStrided,                \
    .reduce = reduce, .dropout = dropout, .softmax = softmax, .softmaxGradient = softmaxGradient,                \
    .classificationLoss = classificationLoss, .classificationLossGradient = classificationLossGradient,          \
    .sgd = sgd, .adam = adam, .movingAverage = movingAverage, .sumOfSquares = sumOfSquares,                      \
    .accumulate = accumulate, .aggregate = aggregate, .contract = contract, .transposeBlocks = transposeBlocks,  \
    .aggregateSamples = aggregateSamples, .contractSamples = contractSamples, .reduceChannels = reduceChannels,  \
    .broadcastChannels = broadcastChannels, .maximumOfChannelsGradient = maximumOfChannelsGradient,              \
    .poolMaximum = poolMaximum, .poolMaximumGradient = poolMaximumGradient, .selectChannels = selectChannels,    \
    .thinScratchCount = thinScratchCount, .thinForward = thinForward, .thinWeightGradient = thinWeightGradient,  \
    .depthWiseScratchCount = depthWiseScratchCount, .depthWiseForward = depthWiseForward,                        \
    .depthWiseBackward = depthWiseBackward,                                                                      \
    .roundToBFloat16 = roundToBFloat16, .narrowToBFloat16 = narrowToBFloat16, .widenBFloat16 = widenBFloat16,    \
    .scaleChannels = scaleChannels, .poolProducts = poolProducts, .tapScratchCount = tapScratchCount,            \
    .tapForward = tapForward, .tapInputGradient = tapInputGradient, .tapWeightGradient = tapWeightGradient,      \
  }

#define LAB_WINOGRAD_TABLE                                                                                       \
  {                                                                                                              \
    .block = LAB_BLOCK, .weightCount = winogradWeightCount, .transformWeights = winogradTransformWeights,        \
    .forwardScratchCount = winogradForwardScratchCount, .forward = winogradForward,                              \
    .forwardDynamicScratchCount = winogradForwardDynamicScratchCount, .forwardDynamic = winogradForwardDynamic,  \
    .weightGradientScratchCount = winogradWeightGradientScratchCount, .weightGradient = winogradWeightGradient,  \
    .transformedGradientScratchCount = winogradTransformedGradientScratchCount,                                  \
    .transformedGradient = winogradTransformedGradient, .finishGradient = winogradFinishGradient,                \
  }

// Runs `iterations` rounds of independent multiply-adds and returns the floating-point operations done. The chains fill
// the registers, which hides the latency of two units.
static double multiplyAddChains(LabInt iterations, float *result) {
  enum { chains = LAB_CHAINS };
  const Vec factor = (Vec)(1.0f - 0x1p-20f), addend = (Vec)0x1p-20f;
  Vec values[chains];
  for (int i = 0; i < chains; i++) values[i] = (Vec)(float)(i + 2);
  for (LabInt iteration = 0; iteration < iterations; iteration++) {
    for (int i = 0; i < chains; i++) values[i] = values[i] * factor + addend;
  }
  for (int i = 1; i < chains; i++) values[0] += values[i];
  *result = (float)sumOfLanes(values[0]);
  return 2.0 * chains * lanes * (double)iterations;
}
