// Element-wise work on strided operands: general broadcasting, permutation, slices.

enum { longestRank = 8 };

// Dimensions with the strides of three operands, the innermost last.
typedef struct {
  LabInt rank;
  LabInt dims[longestRank];
  LabInt strides[3][longestRank];
} StridedLoop;

// Drops dimensions of size 1 and merges neighbours that all operands step through evenly. The result has at least one
// dimension; its rank is 0 where there is nothing to do.
static StridedLoop stridedLoop(LabInt rank, const LabInt *dims, const LabInt *const strides[3]) {
  StridedLoop loop = {.rank = 1, .dims = {1}};
  for (LabInt d = 0; d < rank; d++) {
    if (dims[d] == 0) return (StridedLoop){.rank = 0};
    if (dims[d] == 1) continue;
    const LabInt last = loop.rank - 1;
    bool merges = true;
    for (int operand = 0; operand < 3; operand++) {
      merges = merges && loop.strides[operand][last] == strides[operand][d] * dims[d];
    }
    if (loop.dims[last] == 1) {
      loop.dims[last] = dims[d];
      for (int operand = 0; operand < 3; operand++) loop.strides[operand][last] = strides[operand][d];
    } else if (merges) {
      loop.dims[last] *= dims[d];
      for (int operand = 0; operand < 3; operand++) loop.strides[operand][last] = strides[operand][d];
    } else {
      loop.dims[loop.rank] = dims[d];
      for (int operand = 0; operand < 3; operand++) loop.strides[operand][loop.rank] = strides[operand][d];
      loop.rank++;
    }
  }
  return loop;
}

// Advances the offsets of the outer dimensions, all but the last `inner`; false after the last position.
static bool advance(const StridedLoop *loop, LabInt inner, LabInt position[longestRank], LabInt offsets[3]) {
  for (LabInt d = loop->rank - inner - 1; d >= 0; d--) {
    position[d]++;
    for (int operand = 0; operand < 3; operand++) offsets[operand] += loop->strides[operand][d];
    if (position[d] < loop->dims[d]) return true;
    for (int operand = 0; operand < 3; operand++) offsets[operand] -= loop->strides[operand][d] * loop->dims[d];
    position[d] = 0;
  }
  return false;
}

LAB_INLINE void binaryStridedRuns(const StridedLoop *loop, LabBinary function, const float *a, const float *b,
                                  float *y) {
  const LabInt last = loop->rank - 1;
  LabInt position[longestRank] = {0}, offsets[3] = {0};
  do {
    binaryRun(loop->dims[last], function, a + offsets[0], loop->strides[0][last], b + offsets[1],
              loop->strides[1][last], y + offsets[2]);
  } while (advance(loop, 1, position, offsets));
}

static void binaryStrided(LabInt rank, const LabInt *dims, LabBinary function, const float *a, const LabInt *aStrides,
                          const float *b, const LabInt *bStrides, float *y) {
  LabInt yStrides[longestRank];
  LabInt size = 1;
  for (LabInt d = rank - 1; d >= 0; d--) {
    yStrides[d] = size;
    size *= dims[d];
  }
  const StridedLoop loop = stridedLoop(rank, dims, (const LabInt *const[3]){aStrides, bStrides, yStrides});
  if (loop.rank == 0) return;
  switch (function) {
#define LAB_CASE(FUNCTION) \
  case FUNCTION: binaryStridedRuns(&loop, FUNCTION, a, b, y); break;
    LAB_EACH_BINARY(LAB_CASE)
#undef LAB_CASE
  }
}

LAB_INLINE void copyStep(LabInt i, LabInt live, const float *x, float *y) {
  storeFirst(y + i, live, loadFirst(x + i, live));
}

LAB_INLINE void fillStep(LabInt i, LabInt live, Vec value, float *y) { storeFirst(y + i, live, value); }

LAB_INLINE void copyRun(LabInt count, const float *x, LabInt xStride, float *y, LabInt yStride) {
  if (xStride == 1 && yStride == 1) {
    LAB_SWEEP(count, copyStep, x, y);
  } else if (xStride == 0 && yStride == 1) {
    LAB_SWEEP(count, fillStep, (Vec)*x, y);
  } else {
    for (LabInt i = 0; i < count; i++) y[i * yStride] = x[i * xStride];
  }
}

// A matrix whose rows are dense in x and whose columns are dense in y.
static void copyTransposed(LabInt rows, LabInt columns, const float *x, LabInt xStride, float *y, LabInt yStride) {
  const LabInt wholeRows = rows - rows % lanes, wholeColumns = columns - columns % lanes;
  for (LabInt row = 0; row < wholeRows; row += lanes) {
    for (LabInt column = 0; column < wholeColumns; column += lanes) {
      transposeTile(x + row * xStride + column, xStride, y + column * yStride + row, yStride);
    }
  }
  for (LabInt row = 0; row < rows; row++) {
    const LabInt first = row < wholeRows ? wholeColumns : 0;
    for (LabInt column = first; column < columns; column++) y[column * yStride + row] = x[row * xStride + column];
  }
}

// Brings the dimension that is dense in x next to the innermost one, for copyTransposed.
static bool bringsDenseSourceInward(StridedLoop *loop) {
  const LabInt last = loop->rank - 1;
  if (loop->strides[2][last] != 1) return false;
  for (LabInt d = 0; d < last; d++) {
    if (loop->strides[0][d] != 1) continue;
    const LabInt dim = loop->dims[d];
    LabInt strides[3];
    for (int operand = 0; operand < 3; operand++) strides[operand] = loop->strides[operand][d];
    for (LabInt e = d; e + 1 < last; e++) {
      loop->dims[e] = loop->dims[e + 1];
      for (int operand = 0; operand < 3; operand++) loop->strides[operand][e] = loop->strides[operand][e + 1];
    }
    loop->dims[last - 1] = dim;
    for (int operand = 0; operand < 3; operand++) loop->strides[operand][last - 1] = strides[operand];
    return true;
  }
  return false;
}

static void copyStrided(LabInt rank, const LabInt *dims, const float *x, const LabInt *xStrides, float *y,
                        const LabInt *yStrides) {
  StridedLoop loop = stridedLoop(rank, dims, (const LabInt *const[3]){xStrides, xStrides, yStrides});
  if (loop.rank == 0) return;
  const LabInt last = loop.rank - 1;
  LabInt position[longestRank] = {0}, offsets[3] = {0};
  if (loop.strides[0][last] > 1 && bringsDenseSourceInward(&loop)) {
    do {
      copyTransposed(loop.dims[last], loop.dims[last - 1], x + offsets[0], loop.strides[0][last], y + offsets[2],
                     loop.strides[2][last - 1]);
    } while (advance(&loop, 2, position, offsets));
  } else {
    do {
      copyRun(loop.dims[last], x + offsets[0], loop.strides[0][last], y + offsets[2], loop.strides[2][last]);
    } while (advance(&loop, 1, position, offsets));
  }
}
