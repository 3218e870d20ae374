import Foundation

/// What an event file says of a run.
struct EventFile {
  /// A number of a metric at a step.
  struct Scalar {
    var tag: String
    var step: Int
    /// The shortest text that gives the number again.
    var text: String
  }

  /// The numbers, in the order in which they were written.
  private(set) var scalars: [Scalar] = []
  /// The settings of the run, in the texts of tables.
  private(set) var parameters: [(name: String, text: String)] = []
  /// How many values are neither numbers nor settings.
  private(set) var others: [String: Int] = [:]
  /// Whether the end is missing.
  let isCutOff: Bool

  /// Reads a file.
  ///
  /// - Throws: ``ExchangeError/content(file:problem:)``.
  init(_ data: Data, file: String) throws {
    let (records, isCutOff) = try RecordFile.records(data, file: file)
    self.isCutOff = isCutOff
    do {
      for record in records {
        let event = try ProtobufReader.fields(record)
        guard let summary = event.bytes(5) else { continue }
        for value in try ProtobufReader.fields(summary).messages(1) { try read(value, step: event.integer(2)) }
      }
    } catch is ProtobufReader.Malformed {
      throw ExchangeError.content(file: file, problem: "has a record that is no event of TensorBoard")
    }
  }

  private mutating func read(_ data: Data, step: Int) throws {
    let value = try ProtobufReader.fields(data)
    guard let tag = value.string(1) else { return }
    if tag == "_hparams_/session_start_info" { return try readParameters(value) }
    if tag.hasPrefix("_hparams_/") { return }
    for field in value where field.number == 2 {
      guard case .fixed32(let bits) = field.value else { continue }
      scalars.append(.init(tag: tag, step: step, text: "\(Float(bitPattern: bits))"))
      return
    }
    if let tensor = value.bytes(8), let text = try Self.number(tensor) {
      scalars.append(.init(tag: tag, step: step, text: text))
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
