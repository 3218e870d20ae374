import Foundation
import LabCore
import Testing

@Suite struct ShapeTests {
  @Test func countsElements() {
    #expect(Shape([2, 3, 4]).elementCount == 24)
    #expect(Shape.scalar.elementCount == 1)
    #expect(Shape([3, 0, 2]).elementCount == 0)
    #expect(Shape.scalar.rank == 0)
  }

  @Test func stridesAreRowMajor() {
    #expect(Shape([2, 3, 4]).strides == [12, 4, 1])
    #expect(Shape([5]).strides == [1])
    #expect(Shape.scalar.strides == [])
  }

  @Test func negativeAxesCountFromTheEnd() {
    var shape: Shape = [2, 3, 4]
    #expect(shape[-1] == 4)
    #expect(shape[-3] == 2)
    shape[-2] = 7
    #expect(shape == [2, 7, 4])
  }

  @Test func isCodedAsAPlainArray() throws {
    let data = try JSONEncoder().encode([Shape([2, 3]), .scalar])
    #expect(String(decoding: data, as: UTF8.self) == "[[2,3],[]]")
    #expect(try JSONDecoder().decode([Shape].self, from: data) == [[2, 3], .scalar])
  }

  @Test func typesDescribeThemselves() {
    #expect(TensorType([2, 3]).description == "float32[2, 3]")
    #expect(TensorType(.scalar, .int32).description == "int32[]")
    #expect(TensorType([2, 3]).byteCount == 24)
    #expect(TensorType([2, 3]) != TensorType([2, 3], .int32))
  }
}
