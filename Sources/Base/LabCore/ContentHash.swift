import Foundation

/// A SHA-256 digest that identifies content.
public struct ContentHash: Hashable, Sendable, Codable, CustomStringConvertible {
  /// The digest as 64 lower-case hexadecimal digits.
  public let hexadecimal: String

  /// Wraps a digest that was computed before.
  public init(hexadecimal: String) { self.hexadecimal = hexadecimal }

  /// Digests bytes.
  public init(of data: some DataProtocol) {
    var digest = SHA256Digest()
    for region in data.regions { region.withUnsafeBytes { digest.update($0) } }
    self.init(digest)
  }

  /// Digests a string's UTF-8 bytes.
  public init(of string: String) { self.init(of: Data(string.utf8)) }

  /// Decodes the hexadecimal digits.
  ///
  /// - Throws: `DecodingError` where it is something else.
  public init(from decoder: any Decoder) throws {
    hexadecimal = try decoder.singleValueContainer().decode(String.self)
  }

  /// Encodes the hexadecimal digits.
  ///
  /// - Throws: what the encoder throws.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(hexadecimal)
  }

  /// The first twelve digits, for people.
  public var short: String { String(hexadecimal.prefix(12)) }

  public var description: String { hexadecimal }

  fileprivate init(_ digest: SHA256Digest) {
    hexadecimal = digest.bytes().map { byte in
      let digits = String(byte, radix: 16)
      return digits.count == 1 ? "0" + digits : digits
    }.joined()
  }
}

/// Digests content that arrives in pieces.
public struct ContentHasher {
  private var digest = SHA256Digest()

  /// Creates an empty hasher.
  public init() {}

  /// Adds bytes.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) { digest.update(bytes) }

  /// Adds a string's UTF-8 bytes followed by a zero byte, so that neighbouring strings cannot run together.
  public mutating func update(_ string: String) {
    (Data(string.utf8) + [0]).withUnsafeBytes { digest.update($0) }
  }

  /// The digest of everything added so far.
  public func finish() -> ContentHash { ContentHash(digest) }
}
