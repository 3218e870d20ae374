import LabGraph
import Testing

@Suite struct DescriptionTests {
  @Test func theTextNamesEverything() throws {
    let builder = GraphBuilder()
    let x = try builder.input("images", [2, 3, 4, 4])
    let y = try builder.scope("stem") {
      try builder.apply(
        Convolution2D(ConvolutionGeometry(stride: 2, padding: 1)), x, builder.variable("weight", [8, 3, 3, 3]))
    }
    let mean = try builder.apply(Binary(.add), y, builder.constant(0.5))
    try builder.output("y", mean)
    let counter = try builder.variable("counter", [2, 8, 2, 2], role: .buffer)
    try builder.update(counter, to: mean)
    #expect(
      builder.graph.description == """
        input %0 images: float32[2, 3, 4, 4]
        variable %1 stem.weight: float32[8, 3, 3, 3] parameter
        variable %5 counter: float32[2, 8, 2, 2] buffer
        constant %3: float32[] = 0.5
        forward stem: %2: float32[2, 8, 2, 2] = \
        conv2d[geometry: [stride: 2×2, padding: 1×1, dilation: 1×1, groups: 1]](%0, %1)
        forward: %4: float32[2, 8, 2, 2] = binary[function: add](%2, %3)
        output y = %4
        update counter = %4
        """)
  }
}
