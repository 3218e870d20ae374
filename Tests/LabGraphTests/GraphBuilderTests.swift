import LabCore
import LabGraph
import Testing

@Suite struct GraphBuilderTests {
  @Test func scopesMakePathsAndVariableNames() throws {
    let builder = GraphBuilder()
    let images = try builder.input("images", [2, 3, 8, 8])
    let y = try builder.scope("layer1.0") {
      try builder.scope("") {
        try builder.scope("conv1") {
          try builder.apply(
            Convolution2D(ConvolutionGeometry(stride: 1, padding: 1)), images, builder.variable("weight", [4, 3, 3, 3]))
        }
      }
    }
    #expect(y.shape == [2, 4, 8, 8])
    #expect(builder.graph.nodes[0].path == "layer1.0.conv1")
    #expect(builder.graph.variables.map(\.name) == ["layer1.0.conv1.weight"])
    #expect(builder.path == "")
    builder.scope("a") { builder.absoluteScope("b.c") { #expect(builder.path == "b.c") } }
  }

  @Test func shapeErrorsNameTheLayerAndBothSides() throws {
    let builder = GraphBuilder()
    let images = try builder.input("images", [2, 3, 8, 8])
    let error = #expect(throws: GraphError.self) {
      try builder.scope("layer1.0.conv1") {
        try builder.apply(
          Convolution2D(ConvolutionGeometry(stride: 1, padding: 1)), images, builder.variable("weight", [4, 5, 3, 3]))
      }
    }
    let text = try #require(error).description
    #expect(text.hasPrefix("layer1.0.conv1: conv2d expects an image [N, I, H, W], a kernel [O, I/1, kh, kw]"))
    #expect(text.hasSuffix("found float32[2, 3, 8, 8], float32[4, 5, 3, 3]"))
  }

  @Test func attributeErrorsNameTheLayerToo() throws {
    let builder = GraphBuilder()
    let x = try builder.input("x", [4])
    let step = try builder.input("step", .scalar, .int32)
    let error = #expect(throws: GraphError.self) {
      try builder.scope("head") {
        try builder.apply(Dropout(rate: 1, streamName: "a"), x, step)
      }
    }
    #expect(error?.description == "head: the dropout rate must be in 0..<1, found 1.0")
  }

  @Test func oneInputMayBeAskedForTwice() throws {
    let builder = GraphBuilder()
    let first = try builder.input("step", .scalar, .int32)
    let second = try builder.input("step", .scalar, .int32)
    #expect(first.id == second.id)
    #expect(builder.graph.inputs.count == 1)
    #expect(throws: GraphError.name(subject: "step", problem: "an input of this name has another type")) {
      try builder.input("step", .scalar)
    }
  }

  @Test func namesAreTakenOnce() throws {
    let builder = GraphBuilder()
    let x = try builder.variable("weight", [2])
    #expect(throws: GraphError.name(subject: "weight", problem: "two variables have this name")) {
      try builder.variable("weight", [2])
    }
    try builder.output("y", x)
    #expect(throws: GraphError.name(subject: "y", problem: "two outputs have this name")) {
      try builder.output("y", x)
    }
  }

  @Test func onlyVariablesAreUpdatedOnceAndByTheirType() throws {
    let builder = GraphBuilder()
    let weight = try builder.variable("weight", [2])
    let x = try builder.input("x", [2])
    #expect(throws: GraphError.invalid(path: "", problem: "only a variable can be updated")) {
      try builder.update(x, to: weight)
    }
    #expect(throws: GraphError.self) { try builder.update(weight, to: builder.input("z", [3])) }
    try builder.update(weight, to: x)
    #expect(throws: GraphError.name(subject: "weight", problem: "the variable is updated twice")) {
      try builder.update(weight, to: x)
    }
  }

  @Test func consumersListEveryRead() throws {
    let builder = GraphBuilder()
    let x = try builder.input("x", [2])
    _ = try builder.apply(Binary(.multiply), x, x)
    _ = try builder.apply(Unary(.negate), x)
    #expect(builder.graph.consumers()[x.id.index] == [0, 0, 1])
  }
}
