import LabCore

/// What takes space and is not needed any more, by kind.
public enum SpaceTable {
  /// Files of one kind.
  public struct Row: Sendable, Hashable {
    /// The kind's name, as commands take it.
    public var kind: String
    /// What they are.
    public var text: String
    /// How many there are.
    public var count: Int
    /// Their size in bytes.
    public var byteCount: Int

    /// Creates a row.
    public init(kind: String, text: String, count: Int, byteCount: Int) {
      self.kind = kind
      self.text = text
      self.count = count
      self.byteCount = byteCount
    }
  }

  /// Lays kinds out as a table with their sum.
  ///
  /// - Parameters:
  ///   - rows: the kinds.
  ///   - notes: what is to be said below.
  public static func table(_ rows: [Row], notes: [String]) -> ReportTable {
    func cells(_ kind: String, _ text: String, _ count: Int, _ byteCount: Int) -> [ReportTable.Cell] {
      [
        .string(kind), .string(text), .init("\(count)", values: [.integer(count)]),
        .init(byteCount == 0 ? "0 B" : NumberText.bytes(byteCount), values: [.integer(byteCount)]),
      ]
    }
    let sum = cells("all", "", rows.reduce(0) { $0 + $1.count }, rows.reduce(0) { $0 + $1.byteCount })
    return ReportTable(
      kind: "space", title: "What nothing needs any more",
      columns: [
        .init("kind", fields: ["kind"]), .init("what it is", fields: ["text"], priority: 1, wraps: true),
        .init("files", fields: ["files"], alignment: .right), .init("size", fields: ["bytes"], alignment: .right),
      ],
      rows: rows.map { .init(cells($0.kind, $0.text, $0.count, $0.byteCount)) } + [.init(sum, isTotal: true)],
      notes: notes)
  }
}
