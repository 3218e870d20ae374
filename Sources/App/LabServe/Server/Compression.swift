import CZlib
import Foundation

/// What is sent in fewer bytes to whoever understands it.
package enum Compression {
  /// The fewest bytes that are worth it.
  static let threshold = 1000

  /// The data in the format gzip, by the fastest way there is; nil where the system cannot.
  package static func gzip(_ data: Data) -> Data? {
    var stream = z_stream()
    // 16 more than the largest window stands for the format gzip.
    guard
      deflateInit2_(
        &stream, Z_BEST_SPEED, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
        Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { return nil }
    defer { deflateEnd(&stream) }
    guard data.count < Int(UInt32.max) else { return nil }
    var input = Array(data)
    var output = [UInt8](repeating: 0, count: Int(deflateBound(&stream, uLong(input.count))))
    let status = input.withUnsafeMutableBufferPointer { input in
      output.withUnsafeMutableBufferPointer { output in
        stream.next_in = input.baseAddress
        stream.avail_in = uInt(input.count)
        stream.next_out = output.baseAddress
        stream.avail_out = uInt(output.count)
        return deflate(&stream, Z_FINISH)
      }
    }
    return status == Z_STREAM_END ? Data(output.prefix(Int(stream.total_out))) : nil
  }
}

extension Request {
  /// Whether the client understands gzip.
  var takesGzip: Bool {
    guard let header = headers["accept-encoding"] else { return false }
    return header.lowercased().utf8.split(separator: UInt8(ascii: ",")).contains { entry in
      let parts = entry.filter { $0 != 0x20 && $0 != 9 }.split(separator: UInt8(ascii: ";"))
      guard let name = parts.first, name.elementsEqual("gzip".utf8) || name.elementsEqual("*".utf8) else {
        return false
      }
      return !parts.dropFirst().contains {
        $0.starts(with: "q=".utf8) && Double(String(decoding: $0.dropFirst(2), as: UTF8.self)) == 0
      }
    }
  }
}
