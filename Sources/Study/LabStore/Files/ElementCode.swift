import Foundation
import LabCore

/// The element types of tensors in files that can be read, by their names in safetensors.
enum ElementCode: String, CaseIterable, Codable {
  case float64 = "F64"
  case float32 = "F32"
  case float16 = "F16"
  case bfloat16 = "BF16"
  case int64 = "I64"
  case int32 = "I32"
  case int16 = "I16"
  case int8 = "I8"
  case uint8 = "U8"
  case boolean = "BOOL"

  /// The bytes of one element.
  var byteCount: Int {
    switch self {
    case .float64, .int64: 8
    case .float32, .int32: 4
    case .float16, .bfloat16, .int16: 2
    case .int8, .uint8, .boolean: 1
    }
  }

  /// Elements as files of this program hold them: single precision, 64-bit integers, or bytes.
  func decode(_ data: Data, count: Int) -> NamedTensor.Values {
    data.withUnsafeBytes { bytes in
      func elements<Raw, Element>(_ convert: (Raw) -> Element) -> [Element] {
        (0..<count).map { convert(bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Raw>.size, as: Raw.self)) }
      }
      return switch self {
      case .float64: .float32(elements { (value: Double) in Float(value) })
      case .float32: .float32(elements { (value: Float) in value })
      case .float16: .float32(elements { (bits: UInt16) in Float(halfPrecisionBits: bits) })
      case .bfloat16: .float32(elements { (bits: UInt16) in Float(bitPattern: UInt32(bits) << 16) })
      case .int64: .int64(elements { (value: Int64) in value })
      case .int32: .int64(elements { (value: Int32) in Int64(value) })
      case .int16: .int64(elements { (value: Int16) in Int64(value) })
      case .int8: .int64(elements { (value: Int8) in Int64(value) })
      case .uint8, .boolean: .uint8(Array(bytes.prefix(count)))
      }
    }
  }
}

extension Float {
  /// Widens an IEEE 754 half-precision number; Swift has no such type on every platform.
  fileprivate init(halfPrecisionBits bits: UInt16) {
    let sign: Float = bits & 0x8000 == 0 ? 1 : -1
    let exponent = Int(bits >> 10 & 0x1f)
    let fraction = Float(bits & 0x3ff)
    self =
      switch exponent {
      case 0: sign * fraction * 0x1p-24
      case 31: fraction == 0 ? sign * .infinity : .nan
      default: sign * Float(sign: .plus, exponent: exponent - 15, significand: 1 + fraction * 0x1p-10)
      }
  }
}
