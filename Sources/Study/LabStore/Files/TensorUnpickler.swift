import Foundation

/// Reads the pickle of a PyTorch checkpoint without executing anything: numbers, texts, containers and descriptions of
/// tensors are read, and whatever else a pickle could name or call is refused.
///
/// - Source: the opcodes of Python's `pickletools`; PyTorch's `torch.serialization` and `torch._utils`.
struct TensorUnpickler {
  /// A value of the pickle.
  indirect enum Value {
    case none
    case boolean(Bool)
    case integer(Int)
    case number(Double)
    case text(String)
    case tuple([Value], depth: Int)
    case list(Box<[Value]>)
    case dictionary(Box<[(key: Value, value: Value)]>)
    /// A class or function by its full name; it is never called.
    case global(String)
    case storage(Storage)
    case tensor(TensorDescription)
  }

  /// What may change after it has been remembered.
  final class Box<Content> {
    var content: Content
    /// How many containers there are within each other, this one included.
    var depth = 1
    /// Whether another container holds it; nothing is added to it then, so that the depth stays true.
    var isContained = false

    init(_ content: Content) { self.content = content }
  }

  /// Elements in a file of the archive.
  struct Storage {
    var type: String
    var key: String
    var count: Int
  }

  /// A view of a storage.
  struct TensorDescription {
    var storage: Storage
    var offset: Int
    var shape: [Int]
    var strides: [Int]
  }

  /// What is wrong with a pickle.
  struct Problem: Error {
    var text: String
    /// Whether it asks for something that is refused, and not damaged.
    var isRefusal = false
  }

  /// The longest pickle that is read, in bytes: some 400,000 tensors.
  ///
  /// A byte of a pickle can take fifty of memory.
  static let sizeLimit = 1 << 26

  private let bytes: [UInt8]
  private var position = 0
  private var stack: [Value] = []
  private var marks: [Int] = []
  private var memo: [Int: Value] = [:]

  private init(_ data: Data) { bytes = [UInt8](data) }

  /// Reads the value of a pickle.
  static func read(_ data: Data) throws(Problem) -> Value {
    var reader = TensorUnpickler(data)
    return try reader.run()
  }

  private mutating func run() throws(Problem) -> Value {
    while true {
      let code = try byte()
      if code == UInt8(ascii: ".") { return try pop() }
      try execute(code)
    }
  }

  // MARK: Operations

  private mutating func execute(_ code: UInt8) throws(Problem) {
    switch code {
    case 0x80: _ = try byte()  // the protocol's version
    case 0x95: _ = try integer(8)  // a frame's length
    case UInt8(ascii: "N"): stack.append(.none)
    case 0x88: stack.append(.boolean(true))
    case 0x89: stack.append(.boolean(false))
    case UInt8(ascii: "K"): stack.append(.integer(try integer(1)))
    case UInt8(ascii: "M"): stack.append(.integer(try integer(2)))
    case UInt8(ascii: "J"): stack.append(.integer(Int(Int32(truncatingIfNeeded: try integer(4)))))
    case 0x8a: stack.append(.integer(try longInteger()))
    case UInt8(ascii: "G"): stack.append(.number(try double()))
    case UInt8(ascii: "X"): stack.append(.text(try text(integer(4))))
    case 0x8c: stack.append(.text(try text(integer(1))))
    case 0x8d: stack.append(.text(try text(integer(8))))
    case UInt8(ascii: "("): marks.append(stack.count)
    case UInt8(ascii: ")"): stack.append(.tuple([], depth: 1))
    case UInt8(ascii: "t"): stack.append(try tuple(popToMark()))
    case 0x85: stack.append(try tuple(pop(count: 1)))
    case 0x86: stack.append(try tuple(pop(count: 2)))
    case 0x87: stack.append(try tuple(pop(count: 3)))
    case UInt8(ascii: "]"): stack.append(.list(Box([])))
    case UInt8(ascii: "}"): stack.append(.dictionary(Box([])))
    case UInt8(ascii: "a"): try append([pop()])
    case UInt8(ascii: "e"): try append(popToMark())
    case UInt8(ascii: "s"): try set(pop(count: 2))
    case UInt8(ascii: "u"): try set(popToMark())
    case UInt8(ascii: "q"): memo[try integer(1)] = try top()
    case UInt8(ascii: "r"): memo[try integer(4)] = try top()
    case 0x94: memo[memo.count] = try top()
    case UInt8(ascii: "h"): stack.append(try remembered(integer(1)))
    case UInt8(ascii: "j"): stack.append(try remembered(integer(4)))
    case UInt8(ascii: "c"): stack.append(try global(line(), line()))
    case 0x93:
      let names = try pop(count: 2)
      guard case .text(let module) = names[0], case .text(let name) = names[1] else {
        throw Problem(text: "a name is no text")
      }
      stack.append(try global(module, name))
    case UInt8(ascii: "Q"): stack.append(try storage(pop()))
    case UInt8(ascii: "R"): try reduce()
    case UInt8(ascii: "b"): try build()
    default:
      throw Problem(
        text: "it uses the pickle operation 0x\(String(code, radix: 16)), which tensors do not need", isRefusal: true)
    }
  }

  /// The names that a state_dict needs; everything else could run code.
  private static let allowed: Set<String> = [
    "collections.OrderedDict", "torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_parameter",
    "torch.FloatStorage", "torch.DoubleStorage", "torch.HalfStorage", "torch.BFloat16Storage", "torch.LongStorage",
    "torch.IntStorage", "torch.ShortStorage", "torch.CharStorage", "torch.ByteStorage", "torch.BoolStorage",
  ]

  private func global(_ module: String, _ name: String) throws(Problem) -> Value {
    let full = "\(module).\(name)"
    guard Self.allowed.contains(full) else {
      throw Problem(text: "it refers to \(full), which could run code", isRefusal: true)
    }
    return .global(full)
  }

  private func storage(_ identifier: Value) throws(Problem) -> Value {
    guard case .tuple(let parts, _) = identifier, parts.count == 5, case .text("storage") = parts[0],
      case .global(let type) = parts[1], case .text(let key) = parts[2], case .integer(let count) = parts[4],
      type.hasSuffix("Storage"), count >= 0
    else { throw Problem(text: "a reference is not one to a tensor's elements") }
    return .storage(Storage(type: String(type.dropFirst("torch.".count)), key: key, count: count))
  }

  private mutating func reduce() throws(Problem) {
    let parts = try pop(count: 2)
    guard case .global(let name) = parts[0], case .tuple(let arguments, _) = parts[1] else {
      throw Problem(text: "it calls something that has no name", isRefusal: true)
    }
    switch name {
    case "collections.OrderedDict" where arguments.isEmpty: stack.append(.dictionary(Box([])))
    case "torch._utils._rebuild_tensor_v2" where arguments.count >= 4:
      guard case .storage(let storage) = arguments[0], case .integer(let offset) = arguments[1] else {
        throw Problem(text: "a tensor has no elements")
      }
      stack.append(
        .tensor(
          TensorDescription(
            storage: storage, offset: offset, shape: try integers(arguments[2]), strides: try integers(arguments[3]))))
    case "torch._utils._rebuild_parameter" where !arguments.isEmpty: stack.append(arguments[0])
    default: throw Problem(text: "it calls \(name) with arguments that are not those of a tensor", isRefusal: true)
    }
  }

  /// Attributes are taken by dictionaries only, whose metadata nothing depends on.
  private mutating func build() throws(Problem) {
    _ = try pop()
    guard case .dictionary = try top() else {
      throw Problem(text: "it sets attributes of something that is no dictionary", isRefusal: true)
    }
  }

  private func integers(_ value: Value) throws(Problem) -> [Int] {
    guard case .tuple(let parts, _) = value, parts.count <= TensorExtents.rankLimit else {
      throw Problem(text: "a tensor's extents are no tuple of at most \(TensorExtents.rankLimit) numbers")
    }
    var numbers: [Int] = []
    for part in parts {
      guard case .integer(let number) = part, number >= 0 else {
        throw Problem(text: "a tensor's extents are no numbers")
      }
      numbers.append(number)
    }
    return numbers
  }

  // MARK: Containers

  /// Containers within containers are freed one within the other, which must not exhaust the stack.
  private static let depthLimit = 100

  private func tuple(_ values: [Value]) throws(Problem) -> Value { .tuple(values, depth: try depth(holding: values)) }

  /// The depth of a container with some values, which are then taken to be in it.
  private func depth(holding values: [Value]) throws(Problem) -> Int {
    var depth = 1
    for value in values {
      switch value {
      case .tuple(_, let inner): depth = max(depth, inner + 1)
      case .list(let box):
        box.isContained = true
        depth = max(depth, box.depth + 1)
      case .dictionary(let box):
        box.isContained = true
        depth = max(depth, box.depth + 1)
      default: break
      }
    }
    guard depth <= Self.depthLimit else { throw Problem(text: "containers are nested too deeply", isRefusal: true) }
    return depth
  }

  private mutating func append(_ values: [Value]) throws(Problem) {
    guard case .list(let list) = try top(), !list.isContained else {
      throw Problem(text: "it adds elements to what is no list, or no longer open")
    }
    list.depth = max(list.depth, try depth(holding: values))
    list.content += values
  }

  private mutating func set(_ values: [Value]) throws(Problem) {
    guard case .dictionary(let dictionary) = try top(), !dictionary.isContained, values.count.isMultiple(of: 2) else {
      throw Problem(text: "it adds entries to what is no dictionary, or no longer open")
    }
    dictionary.depth = max(dictionary.depth, try depth(holding: values))
    for index in stride(from: 0, to: values.count, by: 2) {
      dictionary.content.append((values[index], values[index + 1]))
    }
  }

  // MARK: Stack

  private func top() throws(Problem) -> Value {
    guard let value = stack.last, stack.count > marks.last ?? 0 else { throw Problem(text: "it uses a value too many") }
    return value
  }

  private mutating func pop() throws(Problem) -> Value {
    let value = try top()
    stack.removeLast()
    return value
  }

  private mutating func pop(count: Int) throws(Problem) -> [Value] {
    var values: [Value] = []
    for _ in 0..<count { values.append(try pop()) }
    return values.reversed()
  }

  private mutating func popToMark() throws(Problem) -> [Value] {
    guard let mark = marks.popLast(), mark <= stack.count else { throw Problem(text: "a mark is missing") }
    let values = Array(stack[mark...])
    stack.removeSubrange(mark...)
    return values
  }

  private func remembered(_ place: Int) throws(Problem) -> Value {
    guard let value = memo[place] else { throw Problem(text: "it refers to a value that it has not remembered") }
    return value
  }

  // MARK: Bytes

  private mutating func take(_ count: Int) throws(Problem) -> ArraySlice<UInt8> {
    guard count >= 0, count <= bytes.count - position else { throw Problem(text: "it ends too early") }
    defer { position += count }
    return bytes[position..<position + count]
  }

  private mutating func byte() throws(Problem) -> UInt8 {
    let taken = try take(1)
    return taken[taken.startIndex]
  }

  private mutating func integer(_ count: Int) throws(Problem) -> Int {
    let value = try take(count).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard let value = Int(exactly: value) else { throw Problem(text: "a length is absurd") }
    return value
  }

  /// A signed number of up to eight bytes, lowest first.
  private mutating func longInteger() throws(Problem) -> Int {
    let digits = try take(Int(byte()))
    guard digits.count <= 8 else { throw Problem(text: "a number is too large") }
    guard let last = digits.last else { return 0 }
    let start: UInt64 = last & 0x80 != 0 ? .max : 0
    return Int(Int64(bitPattern: digits.reversed().reduce(start) { $0 << 8 | UInt64($1) }))
  }

  private mutating func double() throws(Problem) -> Double {
    Double(bitPattern: try take(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
  }

  private mutating func text(_ count: Int) throws(Problem) -> String {
    String(decoding: try take(count), as: UTF8.self)
  }

  private mutating func line() throws(Problem) -> String {
    let rest = bytes[position...]
    guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else { throw Problem(text: "it ends too early") }
    let text = String(decoding: rest[..<end], as: UTF8.self)
    position = end + 1
    return text
  }
}
