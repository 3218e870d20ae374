import LabCore
import LabGraph
import LabReport
import LabZoo

/// The zoo as a table: every network that is known by a name, and every published count beside ours.
package struct ZooTable {
  /// One row.
  private struct Entry {
    var name: String
    var image: Shape
    var classCount: Int
    var cost: GraphCost
    var published: PublishedCounts?
  }

  private var entries: [Entry] = []

  /// Counts every network.
  package init() throws {
    func entry(
      _ name: String, _ configuration: JSONValue, _ image: Shape, _ classCount: Int, _ published: PublishedCounts?
    ) throws -> Entry {
      Entry(
        name: name, image: image, classCount: classCount,
        cost: try PublishedCounts.cost(configuration, image: image, classCount: classCount), published: published)
    }
    var listed: [PublishedCounts] = []
    for member in ArchitectureFamily.members {
      let model = try ModelConfiguration(configuration: member.configuration)
      let published = PublishedCounts.matching(model, image: member.image, classCount: member.classCount)
      for source in published.isEmpty ? [nil] : published.map(Optional.some) {
        entries.append(try entry(member.name, member.configuration, member.image, member.classCount, source))
      }
      listed += published
    }
    for published in PublishedCounts.all where !listed.contains(published) {
      entries.append(
        try entry(
          Self.name(of: published.configuration), published.configuration, published.image, published.classCount,
          published))
    }
  }

  /// A configuration in a line: `resnet18, conv odconv kernels 4`.
  private static func name(of configuration: JSONValue) -> String {
    func text(_ value: JSONValue) -> String {
      switch value {
      case .string(let string): return string
      case .object(let members):
        let name = members["name"].map(text) ?? ""
        let options = members.filter { $0.key != "name" }.sorted { $0.key < $1.key }
        return ([name] + options.map { $0.value == true ? $0.key : "\($0.key) \(text($0.value))" })
          .joined(separator: " ")
      default: return value.canonicalText
      }
    }
    guard case .object(let members) = configuration else { return text(configuration) }
    let others = members.filter { $0.key != "architecture" }.sorted { $0.key < $1.key }
    return ([text(members["architecture"] ?? "")] + others.map { "\($0.key) \(text($0.value))" })
      .joined(separator: ", ")
  }

  /// The table, for any format.
  package var table: ReportTable {
    ReportTable(
      kind: "zoo", title: "The zoo",
      subtitle:
        "\(ArchitectureFamily.registry.names.count) architectures, \(ArchitectureFamily.members.count) networks",
      columns: [
        .init("network", fields: ["network"], wraps: true),
        .init("image", fields: ["image", "classes"], alignment: .right, priority: 3, legend: "extents and classes"),
        .init("parameters", fields: ["parameters"], alignment: .right, legend: "trainable parameters"),
        .init(
          "multiply-", "adds", fields: ["multiply_adds"], alignment: .right,
          legend: "multiply-adds of one image's forward pass"),
        .init(
          "published", "parameters", fields: ["published_parameters"], alignment: .right, priority: 1,
          legend: "as the source prints them"),
        .init(
          "published", "multiply-adds", fields: ["published_multiply_adds"], alignment: .right, priority: 1,
          legend: "as the source prints them"),
        .init("source", fields: ["source"], priority: 2, legend: "who publishes the counts"),
      ],
      rows: entries.map(row),
      notes: [
        "Every published count is reproduced to the last printed digit. Those multiply-adds of arXiv 2209.07947 that "
          + "differ from ours have the stride of a bottleneck in its first 1×1 convolution (stride_in 1x1), and count "
          + "stems and shortcuts as dynamic (everywhere), which are static in the networks."
      ])
  }

  private func row(_ entry: Entry) -> ReportTable.Row {
    func optional(_ text: String?) -> ReportTable.Cell { text.map { .string($0) } ?? .init("", values: [.null]) }
    return ReportTable.Row([
      .string(entry.name),
      .init(
        "\(entry.image.dimensions.map(String.init).joined(separator: "×")), \(entry.classCount)",
        values: [.array(entry.image.dimensions.map(JSONValue.integer)), .integer(entry.classCount)]),
      .init(NumberText.grouped(entry.cost.parameters), values: [.integer(entry.cost.parameters)]),
      .init(NumberText.grouped(entry.cost.multiplyAdds), values: [.integer(entry.cost.multiplyAdds)]),
      optional(entry.published?.parameters), optional(entry.published?.multiplyAdds), optional(entry.published?.source),
    ])
  }
}
