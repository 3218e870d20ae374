// The transforms of Winograd's F(r×r, 3×3) for r = 4 and r = 2: Y = Aᵀ [(G g Gᵀ) ∘ (Bᵀ d B)] A for tiles d of side r + 2,
// 3×3 windows g and r×r results Y, with the matrices of Lavin and Gray; and their transposes for the gradient of the
// weights. Each is applied to the columns and then to the rows of a tile, a channel a lane. `results` is r and a constant
// wherever these functions are used.

enum { mostTileSide = 6, mostResults = 4, windowSide = 3, windowTaps = 9 };

LAB_INLINE int tileSide(LabInt results) { return (int)results + windowSide - 1; }
LAB_INLINE int frequencyCount(LabInt results) { return tileSide(results) * tileSide(results); }

// Compiles a call for each size of a tile's results.
#define LAB_BY_RESULTS(call) \
  if (g.resultSide == 2) {      \
    call;                    \
  } else {                   \
    g.resultSide = 4;           \
    call;                    \
  }

// Bᵀ: inputs to frequencies.
LAB_INLINE void inputLine(LabInt results, const Vec d[mostTileSide], Vec t[mostTileSide]) {
  if (results == 2) {
    t[0] = d[0] - d[2];
    t[1] = d[1] + d[2];
    t[2] = d[2] - d[1];
    t[3] = d[1] - d[3];
    return;
  }
  const Vec evenOuter = d[4] - 4.0f * d[2], oddOuter = d[3] - 4.0f * d[1];
  const Vec evenInner = d[4] - d[2], oddInner = d[3] - d[1];
  t[0] = 4.0f * d[0] + (d[4] - 5.0f * d[2]);
  t[1] = evenOuter + oddOuter;
  t[2] = evenOuter - oddOuter;
  t[3] = 2.0f * oddInner + evenInner;
  t[4] = evenInner - 2.0f * oddInner;
  t[5] = 4.0f * d[1] + (d[5] - 5.0f * d[3]);
}

// Aᵀ: frequencies to results.
LAB_INLINE void resultLine(LabInt results, const Vec m[mostTileSide], Vec y[mostResults]) {
  if (results == 2) {
    y[0] = m[0] + (m[1] + m[2]);
    y[1] = (m[1] - m[2]) - m[3];
    return;
  }
  const Vec sum1 = m[1] + m[2], difference1 = m[1] - m[2];
  const Vec sum2 = m[3] + m[4], difference2 = m[3] - m[4];
  y[0] = m[0] + (sum1 + sum2);
  y[1] = 2.0f * difference2 + difference1;
  y[2] = 4.0f * sum2 + sum1;
  y[3] = (8.0f * difference2 + difference1) + m[5];
}

// A: gradients of results to frequencies.
LAB_INLINE void resultGradientLine(LabInt results, const Vec y[mostResults], Vec t[mostTileSide]) {
  if (results == 2) {
    t[0] = y[0];
    t[1] = y[0] + y[1];
    t[2] = y[0] - y[1];
    t[3] = -y[1];
    return;
  }
  const Vec even1 = y[0] + y[2], odd1 = y[1] + y[3];
  const Vec even2 = 4.0f * y[2] + y[0], odd2 = 4.0f * y[3] + y[1];
  t[0] = y[0];
  t[1] = even1 + odd1;
  t[2] = even1 - odd1;
  t[3] = 2.0f * odd2 + even2;
  t[4] = even2 - 2.0f * odd2;
  t[5] = y[3];
}

// G: weights to frequencies.
LAB_INLINE void weightLine(LabInt results, const Vec g[windowSide], Vec u[mostTileSide]) {
  if (results == 2) {
    const Vec outer = 0.5f * (g[0] + g[2]), middle = 0.5f * g[1];
    u[0] = g[0];
    u[1] = outer + middle;
    u[2] = outer - middle;
    u[3] = g[2];
    return;
  }
  const Vec outer1 = (g[0] + g[2]) * (-1.0f / 6), middle1 = g[1] * (-1.0f / 6);
  const Vec outer2 = g[0] * (1.0f / 24) + g[2] * (1.0f / 6), middle2 = g[1] * (1.0f / 12);
  u[0] = g[0] * 0.25f;
  u[1] = outer1 + middle1;
  u[2] = outer1 - middle1;
  u[3] = outer2 + middle2;
  u[4] = outer2 - middle2;
  u[5] = g[2];
}

// Gᵀ: frequencies to gradients of weights.
LAB_INLINE void weightGradientLine(LabInt results, const Vec u[mostTileSide], Vec g[windowSide]) {
  if (results == 2) {
    const Vec half = 0.5f * (u[1] + u[2]);
    g[0] = u[0] + half;
    g[1] = 0.5f * (u[1] - u[2]);
    g[2] = half + u[3];
    return;
  }
  const Vec sum1 = u[1] + u[2], difference1 = u[2] - u[1];
  const Vec sum2 = u[3] + u[4], difference2 = u[3] - u[4];
  g[0] = 0.25f * u[0] + (sum2 * (1.0f / 24) - sum1 * (1.0f / 6));
  g[1] = difference2 * (1.0f / 12) + difference1 * (1.0f / 6);
  g[2] = (sum2 - sum1) * (1.0f / 6) + u[5];
}

// Where the tiles of a pass are, in order of sample, row and column.
typedef struct {
  LabInt sample, row, column;
} TileCursor;

LAB_INLINE LabInt tileRows(LabWinogradGeometry g) { return (g.height + g.resultSide - 1) / g.resultSide; }
LAB_INLINE LabInt tileColumns(LabWinogradGeometry g) { return (g.width + g.resultSide - 1) / g.resultSide; }
LAB_INLINE LabInt tilesOfSample(LabWinogradGeometry g) { return tileRows(g) * tileColumns(g); }

LAB_INLINE TileCursor nextTile(LabWinogradGeometry g, TileCursor c) {
  if (++c.column < tileColumns(g)) return c;
  c.column = 0;
  if (++c.row < tileRows(g)) return c;
  c.row = 0;
  c.sample++;
  return c;
}

LAB_INLINE LabInt planeFloats(LabWinogradGeometry g) { return g.height * g.width * lanes; }

// Bᵀ d B of the tile at a cursor; frequency f goes to target + f·stride.
LAB_INLINE void transformInputTile(LabWinogradGeometry g, const float *plane, TileCursor c, float *target,
                                   LabInt stride) {
  const int side = tileSide(g.resultSide);
  const LabInt top = c.row * g.resultSide - 1, left = c.column * g.resultSide - 1;
  const LabInt pitch = g.width * lanes;
  Vec columns[mostTileSide][mostTileSide];  // [column][frequency]
  if (top >= 0 && left >= 0 && top + side <= g.height && left + side <= g.width) {
    const float *origin = plane + top * pitch + left * lanes;
    LAB_UNROLLED
    for (int j = 0; j < side; j++) {
      Vec d[mostTileSide];
      for (int i = 0; i < side; i++) d[i] = load(origin + i * pitch + j * lanes);
      inputLine(g.resultSide, d, columns[j]);
    }
  } else {
    static const float zeros[mostTileSide * LAB_BLOCK];
    const float *rows[mostTileSide];
    for (int i = 0; i < side; i++) {
      const bool isInside = top + i >= 0 && top + i < g.height;
      rows[i] = isInside ? plane + (top + i) * pitch + left * lanes : zeros;
    }
    LAB_UNROLLED
    for (int j = 0; j < side; j++) {
      Vec d[mostTileSide];
      if (left + j >= 0 && left + j < g.width) {
        for (int i = 0; i < side; i++) d[i] = load(rows[i] + j * lanes);
        inputLine(g.resultSide, d, columns[j]);
      } else {
        for (int i = 0; i < side; i++) columns[j][i] = (Vec)0.0f;
      }
    }
  }
  LAB_UNROLLED
  for (int i = 0; i < side; i++) {
    Vec d[mostTileSide], t[mostTileSide];
    for (int j = 0; j < side; j++) d[j] = columns[j][i];
    inputLine(g.resultSide, d, t);
    for (int j = 0; j < side; j++) store(target + (i * side + j) * stride, t[j]);
  }
}

// Aᵀ m A into the part of a result's tile that lies in the image.
LAB_INLINE void transformResultTile(LabWinogradGeometry g, const float *source, LabInt stride, float *plane,
                                    TileCursor c) {
  const int side = tileSide(g.resultSide);
  Vec columns[mostTileSide][mostResults];  // [frequency column][row]
  LAB_UNROLLED
  for (int j = 0; j < side; j++) {
    Vec m[mostTileSide];
    for (int i = 0; i < side; i++) m[i] = load(source + (i * side + j) * stride);
    resultLine(g.resultSide, m, columns[j]);
  }
  const LabInt top = c.row * g.resultSide, left = c.column * g.resultSide;
  const LabInt rows = smaller(g.resultSide, g.height - top), width = smaller(g.resultSide, g.width - left);
  float *origin = plane + (top * g.width + left) * lanes;
  LAB_UNROLLED
  for (int i = 0; i < g.resultSide; i++) {
    Vec m[mostTileSide], y[mostResults];
    for (int j = 0; j < side; j++) m[j] = columns[j][i];
    resultLine(g.resultSide, m, y);
    float *row = origin + i * g.width * lanes;
    if (i >= rows) break;
    for (int j = 0; j < g.resultSide; j++) {
      if (j < width) store(row + j * lanes, y[j]);
    }
  }
}

// A y Aᵀ of a result gradient's tile.
LAB_INLINE void transformResultGradientTile(LabWinogradGeometry g, const float *plane, TileCursor c, float *target,
                                            LabInt stride) {
  const int side = tileSide(g.resultSide);
  const LabInt top = c.row * g.resultSide, left = c.column * g.resultSide;
  const LabInt rows = smaller(g.resultSide, g.height - top), width = smaller(g.resultSide, g.width - left);
  const float *origin = plane + (top * g.width + left) * lanes;
  Vec columns[mostResults][mostTileSide];  // [column][frequency]
  LAB_UNROLLED
  for (int j = 0; j < g.resultSide; j++) {
    Vec y[mostResults];
    for (int i = 0; i < g.resultSide; i++) {
      y[i] = i < rows && j < width ? load(origin + (i * g.width + j) * lanes) : (Vec)0.0f;
    }
    resultGradientLine(g.resultSide, y, columns[j]);
  }
  LAB_UNROLLED
  for (int i = 0; i < side; i++) {
    Vec y[mostResults], t[mostTileSide];
    for (int j = 0; j < g.resultSide; j++) y[j] = columns[j][i];
    resultGradientLine(g.resultSide, y, t);
    for (int j = 0; j < side; j++) store(target + (i * side + j) * stride, t[j]);
  }
}
