import Foundation

/// Records one behind another, each with its length and checksums, as TensorFlow keeps them.
///
/// - Source: TensorFlow, "TFRecord and tf.train.Example": `uint64 length, uint32 masked crc of length, bytes, uint32 masked
///   crc of bytes`, all little-endian.
enum RecordFile {
  /// A record with its frame.
  static func framed(_ record: Data) -> Data {
    var data = Data()
    func append(_ value: some FixedWidthInteger) {
      withUnsafeBytes(of: value.littleEndian) { data.append(contentsOf: $0) }
    }
    append(UInt64(record.count))
    append(CyclicRedundancyCheck.masked(data))
    data.append(record)
    append(CyclicRedundancyCheck.masked(record))
    return data
  }

  /// The records of a file, how many bytes they take, and whether the last one is cut off, as that of a program that is still
  /// writing.
  ///
  /// - Throws: ``ExchangeError/content(file:problem:)`` where a checksum is wrong.
  static func records(_ data: Data, file: String) throws -> (records: [Data], byteCount: Int, isCutOff: Bool) {
    var records: [Data] = []
    var place = data.startIndex
    func number(_ place: Int, _ count: Int) -> UInt64 {
      data[place..<place + count].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
    while place < data.endIndex {
      guard data.endIndex - place >= 12 else { return (records, place - data.startIndex, true) }
      guard UInt32(number(place + 8, 4)) == CyclicRedundancyCheck.masked(data[place..<place + 8]) else {
        throw ExchangeError.content(
          file: file,
          problem: "has a wrong checksum at byte \(place - data.startIndex): it is no event file, or damaged")
      }
      let length = number(place, 8)
      guard length <= UInt64(data.endIndex - place - 12), data.endIndex - place - 12 - Int(length) >= 4 else {
        return (records, place - data.startIndex, true)
      }
      let record = Data(data[place + 12..<place + 12 + Int(length)])
      guard UInt32(number(place + 12 + Int(length), 4)) == CyclicRedundancyCheck.masked(record) else {
        throw ExchangeError.content(
          file: file, problem: "has a wrong checksum in the record at byte \(place - data.startIndex)")
      }
      records.append(record)
      place += 16 + Int(length)
    }
    return (records, place - data.startIndex, false)
  }
}

/// The checksum CRC-32C.
///
/// - Source: G. Castagnoli, S. Bräuer, M. Herrmann, "Optimization of Cyclic Redundancy-Check Codes with 24 and 32 Parity
///   Bits", IEEE Transactions on Communications 41(6), 1993.
package enum CyclicRedundancyCheck {
  private static let table: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0x82f6_3b78 : value >> 1 }
  }

  /// The checksum of bytes.
  package static func checksum(_ data: Data) -> UInt32 {
    let table = table
    return ~data.reduce(~UInt32(0)) { table[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] ^ $0 >> 8 }
  }

  /// The checksum as records have it: turned and shifted, since that of data with checksums in them would be weak.
  static func masked(_ data: Data) -> UInt32 {
    let value = checksum(data)
    return (value >> 15 | value << 17) &+ 0xa282_ead8
  }
}
