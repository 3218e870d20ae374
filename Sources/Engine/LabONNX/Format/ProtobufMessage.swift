import Foundation

/// A message in the wire format of Protocol Buffers, of the few kinds of fields that a model's file has.
///
/// Numbers are kept as they come and written once, since a model's weights are nearly all of its file.
///
/// - Source: protobuf.dev/programming-guides/encoding.
struct ProtobufMessage {
  private enum Piece {
    case bytes([UInt8])
    case floats([Float])
    case integers([Int64])
    case message(ProtobufMessage)
  }

  private var pieces: [Piece] = []
  /// The bytes that the message takes.
  private(set) var byteCount = 0

  /// Adds an integer, as a variable number of bytes.
  mutating func add(_ field: Int, _ value: Int) {
    append(.bytes(Self.tag(field, wireType: 0) + Self.variable(UInt64(bitPattern: Int64(value)))))
  }

  /// Adds a number, as four bytes.
  mutating func add(_ field: Int, _ value: Float) {
    let bits = value.bitPattern
    append(.bytes(Self.tag(field, wireType: 5) + (0..<4).map { UInt8(truncatingIfNeeded: bits >> (8 * $0)) }))
  }

  /// Adds a text.
  mutating func add(_ field: Int, _ text: String) {
    addLength(field, text.utf8.count)
    append(.bytes(Array(text.utf8)))
  }

  /// Adds a message within this one.
  mutating func add(_ field: Int, _ message: ProtobufMessage) {
    addLength(field, message.byteCount)
    append(.message(message))
  }

  /// Adds the bytes of numbers, least significant first.
  mutating func addBytes(_ field: Int, of numbers: [Float]) {
    addLength(field, 4 * numbers.count)
    append(.floats(numbers))
  }

  /// Adds the bytes of integers, least significant first.
  mutating func addBytes(_ field: Int, of integers: [Int64]) {
    addLength(field, 8 * integers.count)
    append(.integers(integers))
  }

  /// The whole message.
  var data: Data {
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
