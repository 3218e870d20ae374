import CImageCodecs

/// The versions of the libraries that decode images, for provenance.
public enum DataLibraries {
  /// Versions by the libraries' names.
  public static var versions: [String: String] {
    ["libpng": String(cString: labPNGVersion()), "libjpeg": String(cString: labJPEGVersion())]
  }
}
