import Foundation

/// What an event file says of a run.
package struct EventFile {
  /// A number of a metric at a step.
  package struct Scalar {
    /// The tag.
    package var tag: String
    /// The step.
    package var step: Int
    /// The shortest text that gives the number again.
    package var text: String
    /// When it was written, in seconds since 1970.
    package var time: Double
  }

  /// What is written from a step on when a program goes on there: earlier numbers of these steps do not count.
  package struct Restart {
    /// The step.
    package var step: Int
    /// When it was written, in seconds since 1970.
    package var time: Double
  }

  /// The numbers, in the order in which they were written.
  package private(set) var scalars: [Scalar] = []
  /// Where the program went on.
  package private(set) var restarts: [Restart] = []
  /// The bytes of whole records.
  package private(set) var byteCount = 0
  /// The settings of the run, in the texts of tables.
  private(set) var parameters: [(name: String, text: String)] = []
  /// How many values are neither numbers nor settings.
  private(set) var others: [String: Int] = [:]
  /// Whether the end is missing.
  package let isCutOff: Bool

  /// Reads a file.
  ///
  /// - Throws: ``ExchangeError/content(file:problem:)``.
  package init(_ data: Data, file: String) throws {
    let (records, byteCount, isCutOff) = try RecordFile.records(data, file: file)
    self.byteCount = byteCount
    self.isCutOff = isCutOff
    do {
      for record in records {
        let event = try ProtobufReader.fields(record)
        let (step, time) = (event.integer(2), event.double(1))
        if let session = event.bytes(7), try ProtobufReader.fields(session).integer(1) == 1 {
          restarts.append(Restart(step: step, time: time))
        }
        guard let summary = event.bytes(5) else { continue }
        for value in try ProtobufReader.fields(summary).messages(1) { try read(value, step: step, time: time) }
      }
    } catch is ProtobufReader.Malformed {
      throw ExchangeError.content(file: file, problem: "has a record that is no event of TensorBoard")
    }
  }

  private mutating func read(_ data: Data, step: Int, time: Double) throws {
    let value = try ProtobufReader.fields(data)
    guard let tag = value.string(1) else { return }
    if tag == "_hparams_/session_start_info" { return try readParameters(value) }
    if tag.hasPrefix("_hparams_/") { return }
    for field in value where field.number == 2 {
      guard case .fixed32(let bits) = field.value else { continue }
      scalars.append(.init(tag: tag, step: step, text: "\(Float(bitPattern: bits))", time: time))
      return
    }
    if let tensor = value.bytes(8), let text = try Self.number(tensor) {
      scalars.append(.init(tag: tag, step: step, text: text, time: time))
    } else {
      others[tag, default: 0] += 1
    }
  }

  /// The one number of a tensor in single or double precision; nil of any other tensor.
  private static func number(_ data: Data) throws -> String? {
    let tensor = try ProtobufReader.fields(data)
    let shape = try tensor.bytes(2).map { try ProtobufReader.fields($0) } ?? []
    guard shape.isEmpty else { return nil }
    let width = [1: 4, 2: 8][tensor.integer(1)] ?? 0
    guard width > 0 else { return nil }
    var bits: UInt64?
    if let content = tensor.bytes(4) ?? tensor.bytes(width == 4 ? 5 : 6), content.count == width {
      bits = content.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
    for field in tensor where field.number == (width == 4 ? 5 : 6) {
      switch field.value {
      case .fixed32(let value): bits = UInt64(value)
      case .fixed64(let value): bits = value
      default: break
      }
    }
    return bits.map { width == 4 ? "\(Float(bitPattern: UInt32($0)))" : "\(Double(bitPattern: $0))" }
  }

  private mutating func readParameters(_ value: [(number: Int, value: ProtobufReader.Value)]) throws {
    guard let metadata = value.bytes(9), let plugin = try ProtobufReader.fields(metadata).bytes(1),
      let content = try ProtobufReader.fields(plugin).bytes(2), let start = try ProtobufReader.fields(content).bytes(3)
    else { return }
    for entry in try ProtobufReader.fields(start).messages(1) {
      let fields = try ProtobufReader.fields(entry)
      guard let name = fields.string(1) else { continue }
      let value = try fields.bytes(2).map { try ProtobufReader.fields($0) } ?? []
      var text = ""
      for field in value {
        switch (field.number, field.value) {
        case (2, .fixed64(let bits)):
          let number = Double(bitPattern: bits)
          text = Int(exactly: number).map(String.init) ?? "\(number)"
        case (3, .bytes(let data)): text = String(decoding: data, as: UTF8.self)
        case (4, .integer(let flag)): text = flag == 0 ? "false" : "true"
        default: break
        }
      }
      parameters.append((name, text))
    }
  }
}
