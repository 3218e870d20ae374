import Foundation

/// A checkpoint as `torch.save` would write it, with whatever a hostile hand may put in.
struct HostileCheckpoint {
  /// A tensor that the pickle describes; names, shapes and strides need not fit anything.
  struct Tensor {
    var name = "weight"
    var storage = "0"
    var claimed: Int
    var offset = 0
    var shape: [Int]
    var strides: [Int]
  }

  var tensors: [Tensor]
  /// The elements of each storage, in bytes.
  var storages: [(name: String, bytes: Data)]
  /// What the archive's directory says about a file in place of the truth: its offset.
  var offsets: [String: Int] = [:]

  /// The archive.
  var data: Data {
    var files = [("archive/data.pkl", pickle)]
    files += storages.map { ("archive/data/\($0.name)", $0.bytes) }
    return HostileCheckpoint.archive(files, offsets: offsets)
  }

  /// A ZIP archive of stored files.
  static func archive(_ files: [(String, Data)], offsets: [String: Int] = [:]) -> Data {
    var body = Data()
    var directory = Data()
    for (name, bytes) in files {
      let offset = offsets[name] ?? body.count
      let sizes = number(0, 4) + number(bytes.count, 4) + number(bytes.count, 4) + number(name.utf8.count, 2)
      directory += number(0x0201_4b50, 4) + number(0, 2) + number(0, 8) + number(0, 2)
      directory += sizes + number(0, 2) + number(0, 2) + number(0, 8) + number(offset, 4) + Data(name.utf8)
      body += number(0x0403_4b50, 4) + number(0, 2) + number(0, 8) + sizes + number(0, 2) + Data(name.utf8) + bytes
    }
    let end =
      number(0x0605_4b50, 4) + number(0, 4) + number(files.count, 2) + number(files.count, 2)
      + number(directory.count, 4) + number(body.count, 4) + number(0, 2)
    return body + directory + end
  }

  private var pickle: Data {
    var bytes = Data([0x80, 2, UInt8(ascii: "}"), UInt8(ascii: "(")])
    for tensor in tensors {
      bytes += Self.text(tensor.name)
      bytes += Self.global("torch._utils", "_rebuild_tensor_v2") + Data("((".utf8)
      bytes += Self.text("storage") + Self.global("torch", "FloatStorage") + Self.text(tensor.storage)
      bytes += Self.text("cpu") + Self.integer(tensor.claimed) + Data("tQ".utf8) + Self.integer(tensor.offset)
      bytes += Self.tuple(tensor.shape) + Self.tuple(tensor.strides) + Data("tR".utf8)
    }
    return bytes + Data("u.".utf8)
  }

  private static func tuple(_ numbers: [Int]) -> Data {
    numbers.reduce(Data("(".utf8)) { $0 + integer($1) } + Data("t".utf8)
  }

  private static func text(_ string: String) -> Data {
    Data("X".utf8) + number(string.utf8.count, 4) + Data(string.utf8)
  }

  private static func global(_ module: String, _ name: String) -> Data { Data("c\(module)\n\(name)\n".utf8) }

  private static func integer(_ value: Int) -> Data { Data([0x8a, 8]) + number(value, 8) }

  private static func number(_ value: Int, _ count: Int) -> Data {
    Data((0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) })
  }
}
