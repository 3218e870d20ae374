import Foundation

/// Writes messages of protocol buffers: fields by their numbers.
///
/// - Source: Google, "Protocol Buffers: Encoding", protobuf.dev.
struct ProtobufWriter {
  /// What has been written.
  private(set) var data = Data()

  init(_ fields: (inout ProtobufWriter) -> Void = { _ in }) { fields(&self) }

  /// A whole number; 0 is what is read where nothing is written.
  mutating func integer(_ field: Int, _ value: Int) {
    guard value != 0 else { return }
    varint(UInt64(field << 3))
    varint(UInt64(bitPattern: Int64(value)))
  }

  /// A number in double precision.
  mutating func double(_ field: Int, _ value: Double) {
    varint(UInt64(field << 3 | 1))
    fixed(value.bitPattern)
  }

  /// A number in single precision.
  mutating func float(_ field: Int, _ value: Float) {
    varint(UInt64(field << 3 | 5))
    fixed(value.bitPattern)
  }

  /// Bytes.
  mutating func bytes(_ field: Int, _ value: Data) {
    varint(UInt64(field << 3 | 2))
    varint(UInt64(value.count))
    data.append(value)
  }

  /// A text.
  mutating func string(_ field: Int, _ value: String) { bytes(field, Data(value.utf8)) }

  /// A message within this one.
  mutating func message(_ field: Int, _ fields: (inout ProtobufWriter) -> Void) {
    bytes(field, ProtobufWriter(fields).data)
  }

  private mutating func varint(_ value: UInt64) {
    var value = value
    while value >= 0x80 {
      data.append(UInt8(truncatingIfNeeded: value) | 0x80)
      value >>= 7
    }
    data.append(UInt8(value))
  }

  private mutating func fixed(_ value: some FixedWidthInteger) {
    withUnsafeBytes(of: value.littleEndian) { data.append(contentsOf: $0) }
  }
}
