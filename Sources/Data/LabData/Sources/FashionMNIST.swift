import LabCore

extension DatasetDefinition {
  /// Fashion-MNIST from the system's package or a folder of its four files.
  ///
  /// - Source: H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST", arXiv 1708.07747, 2017.
  static let fashionMNIST = DatasetDefinition(
    name: "fashion-mnist",
    summary: "60,000 training and 10,000 test images of clothing, 28×28 grey, 10 classes.",
    options: ConfigurationSchema([])
  ) { configuration, environment in
    try IDXSource(
      dataset: "fashion-mnist", folders: environment.folders(of: configuration),
      remedy:
        "run `apt install dataset-fashion-mnist` on Debian or Ubuntu, or put its four IDX files into a folder and "
        + "set \"path\" to it",
      classNames: [
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
      ])
  }
}
