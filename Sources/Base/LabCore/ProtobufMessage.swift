import Foundation

/// A message in the wire format of Protocol Buffers: fields by their numbers.
///
/// Lists of numbers are kept as they come and written once, since a model's weights are nearly all of its file.
///
/// - Source: protobuf.dev/programming-guides/encoding.
package struct ProtobufMessage {
  private enum Piece {
    case bytes([UInt8])
    case floats([Float])
    case integers([Int64])
    case message(ProtobufMessage)
  }

  private var pieces: [Piece] = []
  /// The bytes that the message takes.
  package private(set) var byteCount = 0

  /// Creates a message.
  ///
  /// - Parameter fields: adds its fields.
  package init(_ fields: (inout ProtobufMessage) -> Void = { _ in }) { fields(&self) }

  /// Adds an integer, as a variable number of bytes.
  package mutating func add(_ field: Int, _ value: Int) {
    append(.bytes(Self.tag(field, wireType: 0) + Self.variable(UInt64(bitPattern: Int64(value)))))
  }

  /// Adds a number in single precision.
  package mutating func add(_ field: Int, _ value: Float) {
    append(.bytes(Self.tag(field, wireType: 5) + withUnsafeBytes(of: value.bitPattern.littleEndian, Array.init)))
  }

  /// Adds a number in double precision.
  package mutating func add(_ field: Int, _ value: Double) {
    append(.bytes(Self.tag(field, wireType: 1) + withUnsafeBytes(of: value.bitPattern.littleEndian, Array.init)))
  }

  /// Adds bytes.
  package mutating func add(_ field: Int, _ bytes: Data) {
    addLength(field, bytes.count)
    append(.bytes(Array(bytes)))
  }

  /// Adds a text.
  package mutating func add(_ field: Int, _ text: String) {
    addLength(field, text.utf8.count)
    append(.bytes(Array(text.utf8)))
  }

  /// Adds a message within this one.
  package mutating func add(_ field: Int, _ message: ProtobufMessage) {
    addLength(field, message.byteCount)
    append(.message(message))
  }

  /// Adds a message within this one.
  package mutating func add(_ field: Int, _ fields: (inout ProtobufMessage) -> Void) {
    add(field, ProtobufMessage(fields))
  }

  /// Adds the bytes of numbers, least significant first.
  package mutating func addBytes(_ field: Int, of numbers: [Float]) {
    addLength(field, 4 * numbers.count)
    append(.floats(numbers))
  }

  /// Adds the bytes of integers, least significant first.
  package mutating func addBytes(_ field: Int, of integers: [Int64]) {
    addLength(field, 8 * integers.count)
    append(.integers(integers))
  }

  /// The whole message.
  package var data: Data {
    var data = Data(capacity: byteCount)
    write(to: &data)
    return data
  }

  private func write(to data: inout Data) {
    for piece in pieces {
      switch piece {
      case .bytes(let bytes): data.append(contentsOf: bytes)
      case .floats(let numbers):
        #if _endian(big)
          for number in numbers { withUnsafeBytes(of: number.bitPattern.littleEndian) { data.append(contentsOf: $0) } }
        #else
          numbers.withUnsafeBytes { data.append(contentsOf: $0) }
        #endif
      case .integers(let integers):
        for integer in integers { withUnsafeBytes(of: integer.littleEndian) { data.append(contentsOf: $0) } }
      case .message(let message): message.write(to: &data)
      }
    }
  }

  private mutating func addLength(_ field: Int, _ count: Int) {
    append(.bytes(Self.tag(field, wireType: 2) + Self.variable(UInt64(count))))
  }

  private mutating func append(_ piece: Piece) {
    switch piece {
    case .bytes(let bytes): byteCount += bytes.count
    case .floats(let numbers): byteCount += 4 * numbers.count
    case .integers(let integers): byteCount += 8 * integers.count
    case .message(let message): byteCount += message.byteCount
    }
    pieces.append(piece)
  }

  private static func tag(_ field: Int, wireType: Int) -> [UInt8] { variable(UInt64(field << 3 | wireType)) }

  /// Seven bits a byte, the lowest first; the highest bit says that more follow.
  private static func variable(_ value: UInt64) -> [UInt8] {
    var (value, bytes) = (value, [UInt8]())
    while value > 0x7f {
      bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
      value >>= 7
    }
    return bytes + [UInt8(value)]
  }
}
