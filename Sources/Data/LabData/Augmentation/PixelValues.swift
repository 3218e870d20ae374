import CLabImages

/// What turns the bytes of an image into values.
package enum PixelValues {
  /// 256 values for each channel.
  case table(UnsafePointer<Float>)
  /// Brightness, contrast and normalisation of at most 4 channels, computed; for images that are interpolated.
  case light(LabImageLight)
}
