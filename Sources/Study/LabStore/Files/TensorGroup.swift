import LabCore
import LabHDF5

/// The content of an HDF5 file or of a group in it: tensors, lists of texts, attributes and further groups.
public struct TensorGroup: Sendable, Hashable {
  /// A small value beside the tensors.
  public typealias Attribute = HDF5Attribute

  /// The tensors, which a file gives back sorted by name; names are whole, dots make no groups.
  public var tensors: [NamedTensor]
  /// Lists of texts by name, which stand beside the tensors.
  public var texts: [String: [String]]
  /// The attributes by name.
  public var attributes: [String: Attribute]
  /// The groups within by name.
  public var groups: [String: TensorGroup]

  /// Creates a group.
  public init(
    _ tensors: [NamedTensor] = [], texts: [String: [String]] = [:], attributes: [String: Attribute] = [:],
    groups: [String: TensorGroup] = [:]
  ) {
    self.tensors = tensors
    self.texts = texts
    self.attributes = attributes
    self.groups = groups
  }

  /// The tensor of a name, if there is one.
  public func tensor(_ name: String) -> NamedTensor? { tensors.first { $0.name == name } }
}

extension TensorGroup.Attribute {
  /// A value as files keep it: what is neither a text nor a number becomes a text in JSON.
  init(_ value: JSONValue) {
    self =
      switch value {
      case .string(let text): .string(text)
      case .integer(let number): .integer(Int64(number))
      case .number(let number): .number(number)
      case .null, .boolean, .array, .object: .string(value.canonicalText)
      }
  }
}
