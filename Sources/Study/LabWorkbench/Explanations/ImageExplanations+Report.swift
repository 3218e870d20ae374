import LabCore
import LabReport
import LabTrain

extension ImageExplanations {
  private var classNames: [String] { model.card.classNames }

  /// What was looked at, in a sentence.
  package var subtitle: String {
    let shape = layer.shape
    let chosen = isNamed ? "" : ", the last convolution with more than one pixel"
    return "Grad-CAM over \(layer.path) (\(shape[0]) channels of \(shape[1])×\(shape[2]) pixels)\(chosen)"
  }

  /// The explanations as tables: a row an image, and for dynamic convolutions a row for each attention of each image.
  ///
  /// - Parameter files: the files of pictures.
  package func document(files: ExplanationFiles) -> ReportDocument {
    ReportDocument(
      kind: "explanations", title: "What \(model.name) looks at",
      sections: [.init(table: imageTable(files)), .init(table: attentionTable)])
  }

  private func imageTable(_ files: ExplanationFiles) -> ReportTable {
    let isLabeled = images.contains { $0.label != nil }
    func probability(_ label: Int, _ content: Content, role: Style.Role? = nil) -> ReportTable.Cell {
      let share = content.probabilities[label]
      return .init(
        "\(classNames[label].singleLine) \(NumberText.fixed(share * 100, decimals: 1)) %",
        values: [.string(classNames[label]), .number(share)], role: role)
    }
    var columns = [ReportTable.Column("image", fields: ["image"])]
    if isLabeled { columns.append(.init("class", fields: ["class"], wraps: true)) }
    columns += [
      .init("predicted", fields: ["predicted", "predicted_probability"], wraps: true),
      .init("explained", fields: ["explained", "explained_probability"], wraps: true),
      .init("strongest at", fields: ["peak_row", "peak_column"]),
      .init("picture", fields: ["overlay"], wraps: true),
    ]
    let rows = images.enumerated().map { index, image in
      var cells = [ReportTable.Cell.string(image.name)]
      if isLabeled { cells.append(image.label.map { .string(classNames[$0]) } ?? .missing()) }
      guard let content = image.content else {
        return ReportTable.Row(
          cells + [.missing(fieldCount: 2), .missing(fieldCount: 2), .missing(fieldCount: 2), .missing()])
      }
      let isRight = image.label.map { $0 == content.predicted }
      cells.append(probability(content.predicted, content, role: isRight.map { $0 ? .better : .warning }))
      cells.append(probability(content.explained, content))
      cells.append(
        content.map.peak.map {
          .init("row \($0.row), column \($0.column)", values: [.integer($0.row), .integer($0.column)])
        } ?? .init("nowhere", values: [.null, .null], role: .warning))
      cells.append(.string(files.overlay(index)))
      return ReportTable.Row(cells)
    }
    let notes = images.indices.compactMap(darkness)
    return ReportTable(
      kind: "explanations", title: "Where classes are seen", subtitle: subtitle, columns: columns, rows: rows,
      notes: notes)
  }

  /// That the map of an image shows nothing, in a sentence; nil where it shows something.
  package func darkness(_ index: Int) -> String? {
    let image = images[index]
    guard let content = image.content, content.map.isZero else { return nil }
    let name = classNames[content.explained].singleLine
    return "The map of \(image.name.singleLine) is zero everywhere: nothing in the output of \(layer.path) speaks for "
      + "\(name)."
  }

  /// The attentions of dynamic convolutions; nil where there are none.
  private var attentionTable: ReportTable? { attentionTable(of: images.indices) }

  /// The attentions of dynamic convolutions for some of the images; nil where there are none.
  package func attentionTable(of range: Range<Int>) -> ReportTable? {
    let rows = images[range].flatMap { image in
      (image.content?.attentions ?? []).map { attention in row(attention, of: image.name) }
    }
    guard !rows.isEmpty else { return nil }
    let readable = images.count { $0.content != nil }
    return ReportTable(
      kind: "attentions", title: "Attentions of dynamic convolutions",
      columns: [
        .init("image", fields: ["image"]), .init("layer", fields: ["layer"]), .init("attention", fields: ["attention"]),
        .init("weights", fields: ["count", "minimum", "mean", "maximum", "weights"], wraps: true),
        .init(
          "most different from the images' mean", fields: ["different", "different_weight", "different_mean"],
          priority: 1, wraps: true),
      ], rows: rows,
      notes: readable > 1 ? [] : ["There is one image, so that no weight differs from the mean over the images."])
  }

  private func row(_ attention: AttentionSummary, of image: String) -> ReportTable.Row {
    func text(_ weight: Double) -> String { NumberText.fixed(weight, decimals: 3) }
    let summary =
      "\(attention.weights.count) from \(text(attention.minimum)) to \(text(attention.maximum)), mean "
      + text(attention.mean)
    let different = attention.mostDifferent
    return .init([
      .string(image), .string(attention.layer), .string(attention.kind.rawValue),
      .init(
        attention.isToldInFull ? attention.weights.map(text).joined(separator: "  ") : summary,
        values: [
          .integer(attention.weights.count), .number(attention.minimum), .number(attention.mean),
          .number(attention.maximum), attention.isToldInFull ? .array(attention.weights.map(JSONValue.number)) : .null,
        ]),
      different.map {
        .init(
          "no. \($0.index): \(text($0.weight)), mean \(text($0.mean))",
          values: [.integer($0.index), .number($0.weight), .number($0.mean)])
      } ?? .missing(fieldCount: 3),
    ])
  }

  // MARK: JSON

  /// All numbers: of each image its probabilities, the map, and the attentions of dynamic convolutions.
  ///
  /// - Parameter files: the files of pictures.
  package func json(files: ExplanationFiles) -> JSONValue {
    [
      "report": "explanations", "method": "grad-cam", "model": .string(model.name),
      "run": model.run.map { .string($0.identity.hash.hexadecimal) } ?? .null,
      "class_names": .array(classNames.map(JSONValue.string)),
      "layer": .object([
        "name": .string(layer.path), "channels": .integer(layer.shape[0]), "height": .integer(layer.shape[1]),
        "width": .integer(layer.shape[2]), "is_default": .boolean(!isNamed),
      ]),
      "images": .array(images.indices.map { json($0, files) }),
    ]
  }

  private func json(_ index: Int, _ files: ExplanationFiles) -> JSONValue {
    let image = images[index]
    func name(_ label: Int) -> JSONValue { .string(classNames[label]) }
    var members: [String: JSONValue] = [
      "image": .string(image.name), "class": image.label.map(name) ?? .null,
      "problem": image.problem.map(JSONValue.string) ?? .null,
    ]
    guard let content = image.content else { return .object(members) }
    members["probabilities"] = .array(content.probabilities.map(number))
    members["predicted"] = name(content.predicted)
    members["explained"] = name(content.explained)
    members["explained_probability"] = number(content.probabilities[content.explained])
    members["map"] = .array(content.map.rows.map { .array($0.map(number)) })
    members["map_maximum"] = number(content.map.maximum)
    members["map_is_zero"] = .boolean(content.map.isZero)
    members["overlay"] = .string(files.overlay(index))
    members["side_by_side"] = .string(files.sideBySide(index))
    members["attentions"] = .array(content.attentions.map(json))
    return .object(members)
  }

  private func json(_ attention: AttentionSummary) -> JSONValue {
    [
      "layer": .string(attention.layer), "attention": .string(attention.kind.rawValue),
      "count": .integer(attention.weights.count),
      "weights": attention.isToldInFull ? .array(attention.weights.map(number)) : .null,
      "minimum": number(attention.minimum), "mean": number(attention.mean), "maximum": number(attention.maximum),
      "most_different": attention.mostDifferent.map {
        .object(["index": .integer($0.index), "weight": number($0.weight), "mean_of_images": number($0.mean)])
      } ?? .null,
    ]
  }

  /// A number; null for what JSON has no number for.
  private func number(_ value: Double) -> JSONValue { value.isFinite ? .number(value) : .null }
}

extension ImageExplainer {
  /// The convolutions that can be looked at.
  ///
  /// - Parameter title: the table's title.
  package func layerTable(title: String) -> ReportTable {
    ReportTable(
      kind: "feature-layers", title: title,
      columns: [
        .init("layer", fields: ["layer"], wraps: true),
        .init("channels", fields: ["channels"], alignment: .right),
        .init("pixels", fields: ["height", "width"], alignment: .right),
        .init(fields: ["is_default"]), .init("note", fields: ["is_of_attention"], wraps: true),
      ],
      rows: layers.map { layer in
        let shape = layer.shape
        let note =
          layer == layers.lastWithPixels
          ? "the default"
          : !layer.hasPixels ? "one pixel, of which there is no map" : layer.isOfAttention ? "of an attention" : ""
        return .init([
          .string(layer.path), .init("\(shape[0])", values: [.integer(shape[0])]),
          .init("\(shape[1])×\(shape[2])", values: [.integer(shape[1]), .integer(shape[2])]),
          .init("", values: [.boolean(layer == layers.lastWithPixels)]),
          .init(note, values: [.boolean(layer.isOfAttention)], role: layer.hasPixels ? nil : .faint),
        ])
      })
  }
}
