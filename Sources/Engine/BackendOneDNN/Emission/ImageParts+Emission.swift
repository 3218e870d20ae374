import CLabKernels
import LabCore
import LabGraph

/// A rectangle of an image's pixels and its place in another image.
struct ImagePart {
  var value: ValueID
  /// The first pixel that is taken.
  var start = Extent2D(0)
  var size: Extent2D
  /// The place of the first pixel, and the distances between the places of neighbouring ones.
  var place = Extent2D(0)
  var stride = Extent2D(1)
}

extension ImagePart {
  /// Some rows (axis 2) or columns (axis 3) of an image, all by default.
  init(value: ValueID, _ shape: Shape, axis: Int, start: Int = 0, count: Int? = nil, place: Int = 0) {
    func extent(_ along: Int, _ across: (rows: Int, columns: Int)) -> Extent2D {
      axis == 2 ? Extent2D(along, across.columns) : Extent2D(across.rows, along)
    }
    self.init(
      value: value, start: extent(start, (0, 0)), size: extent(count ?? shape[axis], (shape[2], shape[3])),
      place: extent(place, (0, 0)))
  }
}

extension Emission {
  /// Whether an axis is that of the rows or columns of a blocked image.
  func isImageAxis(_ axis: Int, of value: ValueID) -> Bool {
    (axis == 2 || axis == 3) && naturalForm(value) == .blocked
  }

  /// Puts a blocked value together from parts of others; pixels that nobody gives are zeros.
  func emitParts(_ parts: [ImagePart], to y: ValueID, isWhole: Bool = true) throws {
    let extent = Extent2D(shape(y)[2], shape(y)[3])
    try emitParts(parts, .blocked, to: define(y, .blocked), extent: extent, isWhole: isWhole)
  }

  /// Puts an image together from parts of others that have its channels.
  ///
  /// - Parameter isWhole: whether parts give all pixels; else the others are set to zero.
  func emitParts(_ parts: [ImagePart], _ form: Form, to target: SlotID, extent: Extent2D, isWhole: Bool) throws {
    let sources = try parts.map { try demand($0.value, form) }
    let copy = kernelTable.copyStrided!
    let floats = slots[target.index].bytesPerSample / 4
    let lanes = form == .blocked ? block : 1
    let planes = floats / (extent.height * extent.width * lanes)
    func offset(_ pixel: Extent2D, width: Int) -> Int { (pixel.height * width + pixel.width) * lanes }
    let copies = parts.map { part in
      let (height, width) = (shape(part.value)[2], shape(part.value)[3])
      return (
        dims: [planes, part.size.height, part.size.width, lanes],
        strides: [height * width * lanes, width * lanes, lanes, 1],
        from: offset(part.start, width: width),
        targetStrides: [
          extent.height * extent.width * lanes, part.stride.height * extent.width * lanes, part.stride.width * lanes, 1,
        ],
        to: offset(part.place, width: extent.width)
      )
    }
    add(
      ChunkKernel(
        .reorder, path: node.path, samples: slots[target.index].samples, reads: sources, writes: [target]
      ) { worker in
        for sample in worker.samples {
          let y = worker.pointer(target, sample: sample)
          if !isWhole { y.update(repeating: 0, count: floats) }
          for (source, part) in zip(sources, copies) {
            copy(
              4, part.dims, worker.pointer(source, sample: sample) + part.from, part.strides, y + part.to,
              part.targetStrides)
          }
        }
      })
  }
}
