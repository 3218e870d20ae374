import BackendOneDNN
import CLabKernels
import COneDNN
import Testing

@Suite struct ConvolutionDetourTests {
  private var block: Int { labKernels().pointee.block }

  /// A convolution of square images; results have the size that windows allow.
  private func plan(
    _ kind: OneDnnKind, _ inputs: Int, _ outputs: Int, groups: Int = 1, side: Int = 16, kernel: Int = 3,
    stride: Int = 1,
    padding: Int = 1, dilation: Int = 1, forms: (image: Bool, result: Bool) = (true, true)
  ) -> ConvolutionPlan {
    let result = (side + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1
    var shape = OneDnnConvolutionShape()
    (shape.samples, shape.inputChannels, shape.outputChannels, shape.groups) = (4, inputs, outputs, groups)
    (shape.inputHeight, shape.inputWidth, shape.outputHeight, shape.outputWidth) = (side, side, result, result)
    (shape.kernelHeight, shape.kernelWidth, shape.strideHeight, shape.strideWidth) = (kernel, kernel, stride, stride)
    (shape.paddingHeight, shape.paddingWidth) = (padding, padding)
    (shape.dilationHeight, shape.dilationWidth) = (dilation, dilation)
    return ConvolutionPlan(
      kind: kind, shape: shape, block: block, imageIsBlocked: forms.image, resultIsBlocked: forms.result)
  }

  private static let kinds = [ONEDNN_FORWARD, ONEDNN_INPUT_GRADIENT, ONEDNN_WEIGHT_GRADIENT]

  @Test(arguments: kinds.indices) func whatTheLibraryIsGoodAtIsLeftAsItIs(index: Int) {
    let plan = plan(Self.kinds[index], 32, 32)
    #expect(plan.isFast)
    let detour = ConvolutionDetour.best(for: plan)
    #expect(detour.mergedGroups == 1 && !detour.isSpread && !detour.hasBorder)
    #expect(detour.plan.isBlocked && detour.plan.shape.groups == 1)
  }

  /// Eight groups of a quarter of a block each: two groups of a block.
  @Test func groupsOfAFewChannelsAreMergedUntilTheyFillABlock() {
    let quarter = block / 4
    let detour = ConvolutionDetour.inWholeBlocks(plan(ONEDNN_FORWARD, 8 * quarter, 8 * quarter, groups: 8))
    #expect(detour.mergedGroups == 4 && detour.plan.shape.groups == 2)
    #expect(detour.plan.shape.inputChannels == 8 * quarter)
  }

  @Test func groupsThatNeverFillABlockBecomeOne() {
    let detour = ConvolutionDetour.inWholeBlocks(plan(ONEDNN_FORWARD, 9, 9, groups: 3))
    #expect(detour.mergedGroups == 3 && detour.plan.shape.groups == 1)
  }

  @Test func groupsOfOneChannelAndOfWholeBlocksStay() {
    for (channels, groups) in [(2 * block, 2 * block), (2 * block, 2), (block, 1)] {
      let detour = ConvolutionDetour.inWholeBlocks(plan(ONEDNN_FORWARD, channels, channels, groups: groups))
      #expect(detour.mergedGroups == 1 && detour.plan.shape.groups == groups)
    }
  }

  /// What is not fast is computed by something that is, or as it is: a few gradients have no detour on narrow vectors.
  @Test(arguments: kinds.indices) func detoursAreFast(index: Int) {
    let kind = Self.kinds[index]
    let plans = [
      plan(kind, 24, 24, groups: 4), plan(kind, 32, 32, groups: 8, stride: 2),
      plan(kind, 32, 32, stride: 2, dilation: 2),
      plan(kind, 32, 64, side: 4, kernel: 7, padding: 3), plan(kind, 3, 32, stride: 2, forms: (false, true)),
      plan(kind, 32, 2, forms: (true, false)), plan(kind, 32, 32, side: 2, padding: 2, dilation: 2),
    ]
    var detours = 0
    for plan in plans {
      let detour = ConvolutionDetour.best(for: plan)
      if isUnchanged(detour, plan) { continue }
      #expect(!plan.isFast && detour.plan.isFast, "\(plan)")
      detours += 1
    }
    #expect(detours > 0)
  }

  private func isUnchanged(_ detour: ConvolutionDetour, _ plan: ConvolutionPlan) -> Bool {
    detour.mergedGroups == 1 && !detour.isSpread && !detour.hasBorder
      && detour.plan.imageIsBlocked == plan.imageIsBlocked && detour.plan.resultIsBlocked == plan.resultIsBlocked
  }

  /// The gradient lies at every other pixel of an image of 2 · (n − 1) + 1 pixels a side.
  @Test func aSpreadGradientHasNoStride() {
    let plan = plan(ONEDNN_INPUT_GRADIENT, 32, 32, stride: 2, padding: 2, dilation: 2)
    let detour = ConvolutionDetour.best(for: plan)
    #expect(plan.isFast || detour.isSpread)
    guard detour.isSpread else { return }
    #expect(detour.plan.shape.strideHeight == 1 && detour.plan.shape.strideWidth == 1)
    #expect(detour.plan.shape.outputHeight == 2 * (plan.shape.outputHeight - 1) + 1)
  }

  /// The image and its border are as large as windows reach, and need no padding.
  @Test func aBorderReplacesPadding() {
    let plan = plan(ONEDNN_WEIGHT_GRADIENT, 32, 32, side: 2, padding: 2, dilation: 2)
    let detour = ConvolutionDetour.best(for: plan)
    guard detour.hasBorder else { return }
    #expect(detour.plan.shape.paddingHeight == 0 && detour.plan.shape.paddingWidth == 0)
    #expect(detour.plan.shape.inputHeight == (plan.shape.outputHeight - 1) + 2 * 2 + 1)
  }
}
