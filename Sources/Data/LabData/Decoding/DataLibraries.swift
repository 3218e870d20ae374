import CImageCodecs

/// The versions of the libraries that decode images, for provenance.
public enum DataLibraries {
  /// Versions by the libraries' names.
  public static var versions: [String: String] {
    [
      "libpng": String(cString: labPNGVersion()), "libjpeg": String(cString: labJPEGVersion()),
      "libwebp": webPVersion, "libtiff": tiffVersion, "giflib": String(cString: labGIFVersion()),
    ]
  }

  private static var webPVersion: String {
    let version = labWebPVersion()
    return [version >> 16, version >> 8 & 255, version & 255].map(String.init).joined(separator: ".")
  }

  /// The last word of the first of the lines in which the library describes itself.
  private static var tiffVersion: String {
    String(cString: labTIFFVersion()).split(whereSeparator: \.isNewline).first?.split(separator: " ").last
      .map(String.init) ?? ""
  }
}
