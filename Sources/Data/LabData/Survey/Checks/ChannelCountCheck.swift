import LabCore

/// Images with a number of channels that pictures do not have.
enum ChannelCountCheck: SurveyCheck {
  static func findings(in survey: DataSurvey) -> [Finding] {
    guard let shape = survey.imageShape, ![1, 3, 4].contains(shape.channels) else { return [] }
    // The extents of a picture whose channels were stored first, read as if they were stored last.
    let looksTurned = [1, 3, 4].contains(shape.height) && shape.channels > 4
    let isHDF5 = survey.dataset == "hdf5"
    return [
      Finding(
        key: isHDF5 ? "dataset.layout" : "dataset",
        message: "images have \(shape.channels) channels of \(shape.height)×\(shape.width) pixels, where pictures have "
          + "1 (grey), 3 (red, green, blue) or 4"
          + (looksTurned ? "; they look like \(shape.height) channels that were stored first" : ""),
        remedy: isHDF5
          ? "Set dataset.layout to channels_first if images are stored N×C×H×W, or to channels_last to confirm"
          : "Store images N×H×W×C, with the channels of a pixel side by side")
    ]
  }
}
