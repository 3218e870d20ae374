import LabCore

extension PublishedCounts {
  /// Everything that the zoo is checked against; a new architecture adds its line.
  public static let all: [PublishedCounts] = libraries + papers + dynamicConvolutions

  /// Counts of model libraries: torchvision's documentation (which calls multiply-adds FLOPS), and timm's models.
  private static let libraries: [PublishedCounts] =
    [
      ("alexnet", "61,100,840", "0.714 G"),
      ("vgg11", "132,863,336", "7.609 G"), ("vgg13", "133,047,848", "11.308 G"),
      ("vgg16", "138,357,544", "15.47 G"), ("vgg19", "143,667,240", "19.632 G"),
      ("vgg11_bn", "132,868,840", "7.609 G"), ("vgg13_bn", "133,053,736", "11.308 G"),
      ("vgg16_bn", "138,365,992", "15.47 G"), ("vgg19_bn", "143,678,248", "19.632 G"),
      ("resnet18", "11,689,512", "1.814 G"), ("resnet34", "21,797,672", "3.664 G"),
      ("resnet50", "25,557,032", "4.089 G"), ("resnet101", "44,549,160", "7.801 G"),
      ("resnet152", "60,192,808", "11.514 G"),
      ("resnext50_32x4d", "25,028,904", "4.23 G"), ("resnext101_32x8d", "88,791,336", "16.414 G"),
      ("resnext101_64x4d", "83,455,272", "15.46 G"),
      ("wide_resnet50_2", "68,883,240", "11.398 G"), ("wide_resnet101_2", "126,886,696", "22.753 G"),
      ("squeezenet1_0", "1,248,424", "0.819 G"), ("squeezenet1_1", "1,235,496", "0.349 G"),
      ("mobilenet_v2", "3,504,872", "0.301 G"), ("googlenet", "6,624,904", "1.498 G"),
      ("shufflenet_v2_x0_5", "1,366,792", "0.04 G"), ("shufflenet_v2_x1_0", "2,278,604", "0.145 G"),
      ("shufflenet_v2_x1_5", "3,503,624", "0.296 G"), ("shufflenet_v2_x2_0", "7,393,996", "0.583 G"),
      ("densenet121", "7,978,856", "2.834 G"), ("densenet161", "28,681,000", "7.728 G"),
      ("densenet169", "14,149,480", "3.36 G"), ("densenet201", "20,013,928", "4.291 G"),
    ].map { PublishedCounts(["architecture": .string($0.0)], $0.1, $0.2, "torchvision") }
    + [
      ("seresnet18", "11,779,624"), ("seresnet34", "21,960,416"), ("seresnet50", "28,088,024"),
      ("seresnet101", "49,326,872"), ("seresnet152", "66,821,848"),
      ("mobilenetv1_100", "4,231,976"), ("mobilenetv2_075", "2,636,424"), ("mobilenetv2_050", "1,968,680"),
      ("skresnet18", "11,958,056"), ("skresnet34", "22,282,376"), ("skresnet50", "25,803,160"),
      ("resnest14d", "10,611,688"), ("resnest26d", "17,069,448"), ("resnest50d", "27,483,240"),
      ("resnest101e", "48,275,016"), ("xception", "22,855,952"),
    ].map { PublishedCounts(["architecture": .string($0.0)], $0.1, nil, "timm") }

  /// Counts that papers and their authors' repositories print.
  private static let papers: [PublishedCounts] =
    [
      ("bam_resnet18", "11.71 M", "arXiv 1807.06514"), ("bam_resnet34", "21.82 M", "arXiv 1807.06514"),
      ("bam_resnet50", "25.92 M", "arXiv 1807.06514"), ("bam_resnet101", "44.91 M", "arXiv 1807.06514"),
    ].map { PublishedCounts(["architecture": .string($0.0)], $0.1, nil, $0.2) }
    + [
      ("cbam_resnet18", "11.78 M"), ("cbam_resnet34", "21.96 M"), ("cbam_resnet50", "28.09 M"),
      ("cbam_resnet101", "49.33 M"),
    ].map {
      PublishedCounts(
        ["architecture": .string($0.0), "attention": ["name": "cbam", "bias": true]], $0.1, nil, "arXiv 1807.06521")
    }
    + [
      PublishedCounts(
        ["architecture": ["name": "googlenet", "aux_logits": true]], "13,004,888", nil, "torchvision"),
      // The paper's 1,649,402 lack the 1,712 scales of normalisations, which its library left out by default.
      PublishedCounts(
        ["architecture": "mini-inception"], "1.65 M", nil, image: [3, 28, 28], classCount: 10, "arXiv 1611.03530"),
      PublishedCounts(["architecture": "shufflenet_v1_g3"], "1.9 M", nil, "github.com/megvii-model"),
      PublishedCounts(["architecture": "shufflenet_v1_g8"], "2.4 M", nil, "github.com/megvii-model"),
    ]
    + [
      ("resnet20", "0.27 M"), ("resnet32", "0.46 M"), ("resnet44", "0.66 M"), ("resnet56", "0.85 M"),
      ("resnet110", "1.7 M"),
    ].map {
      PublishedCounts(
        ["architecture": ["name": .string($0.0), "shortcut": "identity"]], $0.1, nil, image: [3, 32, 32],
        classCount: 10, "arXiv 1512.03385")
    }
    // The paper's plain networks have as many parameters as its residual ones, whose shortcuts have none.
    + [
      ("plain-20", "0.27 M", "arXiv 1512.03385"), ("plain-32", "0.46 M", "arXiv 1512.03385"),
      ("plain-44", "0.66 M", "arXiv 1512.03385"), ("plain-56", "0.85 M", "arXiv 1512.03385"),
      ("wrn-28-10", "36.5 M", "arXiv 1605.07146"), ("wrn-16-8", "11.0 M", "arXiv 1605.07146"),
      ("wrn-40-2", "2.2 M", "arXiv 1605.07146"), ("wrn-40-4", "8.9 M", "arXiv 1605.07146"),
      ("densenet-40-12", "1.0 M", "arXiv 1608.06993"), ("densenet-100-12", "7.0 M", "arXiv 1608.06993"),
      ("densenet-100-24", "27.2 M", "arXiv 1608.06993"), ("densenet-bc-100-12", "0.8 M", "arXiv 1608.06993"),
      ("densenet-bc-250-24", "15.3 M", "arXiv 1608.06993"), ("densenet-bc-190-40", "25.6 M", "arXiv 1608.06993"),
    ].map {
      PublishedCounts(
        ["architecture": .string($0.0)], $0.1, nil, image: [3, 32, 32], classCount: 10, $0.2)
    }

  /// The tables of the ODConv paper, and DyConv as it is compared there.
  ///
  /// The printed parameters are those of networks whose stem and shortcuts are static, which is also what the authors'
  /// code has. The printed multiply-adds are reproduced to the digit, for all of these networks, by counting every
  /// convolution as dynamic, and with the stride of a bottleneck in its first 1×1 convolution.
  private static let dynamicConvolutions: [PublishedCounts] =
    [
      ("resnet18", 0, "11.69 M", "1.814 G"), ("resnet18", 1, "11.94 M", "1.838 G"),
      ("resnet18", 4, "44.90 M", "1.916 G"), ("resnet50", 0, "25.56 M", "3.858 G"),
      ("resnet50", 1, "28.64 M", "3.916 G"), ("resnet50", 4, "90.67 M", "4.080 G"),
      ("resnet101", 0, "44.55 M", "7.570 G"), ("resnet101", 1, "50.82 M", "7.675 G"),
      ("resnet101", 2, "90.44 M", "7.802 G"),
      ("mobilenet_v2", 0, "3.50 M", "300.8 M"), ("mobilenet_v2", 1, "4.94 M", "311.8 M"),
      ("mobilenet_v2", 4, "11.51 M", "327.1 M"), ("mobilenetv2_050", 0, "1.97 M", "97.1 M"),
      ("mobilenetv2_050", 1, "2.43 M", "101.8 M"), ("mobilenetv2_050", 4, "4.44 M", "106.4 M"),
    ].map { name, kernels, parameters, multiplyAdds in
      var configuration: JSONValue = ["architecture": .string(name)]
      var counted: JSONValue? = nil
      if kernels > 0 { configuration["conv"] = ["name": "odconv", "kernels": .integer(kernels)] }
      if kernels > 0 {
        counted = configuration
        counted?["conv"] = ["name": "odconv", "kernels": .integer(kernels), "everywhere": true]
      }
      if name.hasPrefix("resnet") {
        counted = counted ?? configuration
        counted?["architecture"] = ["name": .string(name), "stride_in": "1x1"]
      }
      return PublishedCounts(configuration, parameters, multiplyAdds, countedAs: counted, "arXiv 2209.07947")
    } + [
      PublishedCounts(
        ["architecture": "resnet18", "conv": ["name": "dyconv", "kernels": 4, "everywhere": true]], "45.5 M", nil,
        "arXiv 2209.07947")
    ]
}
