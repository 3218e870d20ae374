import Foundation

/// Reads messages of protocol buffers, field by field; whatever does not fit ends it.
struct ProtobufReader {
  /// What a field has.
  enum Value {
    case integer(UInt64)
    case fixed64(UInt64)
    case fixed32(UInt32)
    case bytes(Data)
  }

  /// A message that is cut off, or none.
  struct Malformed: Error {}

  private let data: Data
  private var place: Int

  init(_ data: Data) {
    self.data = data
    place = data.startIndex
  }

  /// All fields of a message, in their order.
  static func fields(_ data: Data) throws -> [(number: Int, value: Value)] {
    var reader = ProtobufReader(data)
    var fields: [(number: Int, value: Value)] = []
    while let field = try reader.next() { fields.append(field) }
    return fields
  }

  private mutating func next() throws -> (number: Int, value: Value)? {
    guard place < data.endIndex else { return nil }
    let key = try varint()
    let number = Int(truncatingIfNeeded: key >> 3)
    switch key & 7 {
    case 0: return (number, .integer(try varint()))
    case 1: return (number, .fixed64(try fixed(8)))
    case 2:
      let count = try varint()
      guard count <= UInt64(data.endIndex - place) else { throw Malformed() }
      defer { place += Int(count) }
      return (number, .bytes(Data(data[place..<place + Int(count)])))
    case 5: return (number, .fixed32(UInt32(try fixed(4))))
    default: throw Malformed()
    }
  }

  private mutating func varint() throws -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 7) {
      guard place < data.endIndex else { throw Malformed() }
      let byte = data[place]
      place += 1
      value |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return value }
    }
    throw Malformed()
  }

  private mutating func fixed(_ count: Int) throws -> UInt64 {
    guard data.endIndex - place >= count else { throw Malformed() }
    defer { place += count }
    return data[place..<place + count].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}

extension [(number: Int, value: ProtobufReader.Value)] {
  /// The last bytes of a field.
  func bytes(_ number: Int) -> Data? {
    lazy.reversed().compactMap { if $0.number == number, case .bytes(let data) = $0.value { data } else { nil } }.first
  }

  /// The last text of a field.
  func string(_ number: Int) -> String? { bytes(number).map { String(decoding: $0, as: UTF8.self) } }

  /// The last whole number of a field; 0 where it is not written.
  func integer(_ number: Int) -> Int {
    for field in reversed() where field.number == number {
      if case .integer(let value) = field.value { return Int(truncatingIfNeeded: Int64(bitPattern: value)) }
    }
    return 0
  }

  /// The last number in double precision of a field; 0 where it is not written.
  func double(_ number: Int) -> Double {
    for field in reversed() where field.number == number {
      if case .fixed64(let bits) = field.value { return Double(bitPattern: bits) }
    }
    return 0
  }

  /// All messages of a field.
  func messages(_ number: Int) -> [Data] {
    compactMap { if $0.number == number, case .bytes(let data) = $0.value { data } else { nil } }
  }
}
