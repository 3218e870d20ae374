import LabCore

/// What can be switched or varied of components, as a table.
public struct PartTable: Sendable {
  /// One part.
  public struct Part: Sendable, Hashable {
    /// The key within the component, such as `attentions.spatial`.
    public var key: String
    /// What it means, in one sentence.
    public var summary: String
    /// The value of an absent key.
    public var defaultValue: JSONValue
    /// The value at which the part is absent; nil where there is none.
    public var off: JSONValue?
    /// The values that an ablation compares.
    public var levels: [JSONValue]

    /// Creates a part.
    public init(key: String, summary: String, defaultValue: JSONValue, off: JSONValue?, levels: [JSONValue]) {
      self.key = key
      self.summary = summary
      self.defaultValue = defaultValue
      self.off = off
      self.levels = levels
    }
  }

  /// What has parts.
  public struct Component: Sendable, Hashable {
    /// The component's name.
    public var name: String
    /// What the component is, in one sentence.
    public var summary: String
    /// The key that takes it, such as `model.conv`.
    public var key: String
    /// Its parts.
    public var parts: [Part]

    /// Creates a component.
    public init(name: String, summary: String, key: String, parts: [Part]) {
      self.name = name
      self.summary = summary
      self.key = key
      self.parts = parts
    }

    fileprivate var title: String { "\(key): \(name)" }
  }

  /// The components.
  public var components: [Component]

  /// Creates a table.
  public init(_ components: [Component]) { self.components = components }

  /// The parts as a table for any format.
  public var table: ReportTable {
    let single = components.count == 1 ? components[0] : nil
    var component = ReportTable.Column("component", fields: ["component"])
    if single != nil { component.title = [] }
    return ReportTable(
      kind: "parts", title: single?.title ?? "Parts", subtitle: single?.summary,
      columns: [
        component,
        .init("part", fields: ["key"], legend: "key within the component"),
        .init("default", fields: ["default"], legend: "value of an absent key"),
        .init("without", fields: ["off"], priority: 1, legend: "value at which the part is absent"),
        .init("levels", fields: ["levels"], priority: 2, wraps: true, legend: "values that an ablation compares"),
        .init("meaning", fields: ["summary"], priority: 3, wraps: true),
      ],
      rows: components.flatMap { component in
        component.parts.map { ReportTable.Row([.string(component.title)] + Self.cells(of: $0)) }
      },
      notes: components.filter(\.parts.isEmpty).map { "\($0.title) has no options." }
        + ["A factor is called like the component's key and the part's, or by the last of these where that is clear."])
  }

  private static func cells(of part: Part) -> [ReportTable.Cell] {
    [
      .string(part.key), .init(text(part.defaultValue), values: [part.defaultValue]),
      part.off.map { .init(text($0), values: [$0]) } ?? .missing(),
      part.levels.count > 1
        ? .init(part.levels.map(text).joined(separator: ", "), values: [.array(part.levels)])
        : .init(NumberText.missing, values: [.array([])], role: .faint),
      .string(part.summary),
    ]
  }

  /// A value as a spec would have it: a component by its name, with the options that it has.
  private static func text(_ value: JSONValue) -> String {
    switch value {
    case .string(let text): return text
    case .null: return "none"
    case .object(let members):
      guard let name = members["name"]?.stringValue else { return value.canonicalText }
      let options = members.filter { $0.key != "name" }.sorted { $0.key < $1.key }
      return options.isEmpty
        ? name : "\(name)(\(options.map { "\($0.key)=\(text($0.value))" }.joined(separator: ",")))"
    default: return value.canonicalText
    }
  }
}
