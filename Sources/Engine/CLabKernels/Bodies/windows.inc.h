// Pooling over windows of blocked planes.

// The part of one output's window that lies in the image, and the window's size including padding.
typedef struct {
  LabInt top, bottom, left, right, paddedSize;
} Window;

LAB_INLINE Window windowAt(const LabPooling *w, LabInt outputRow, LabInt outputColumn) {
  const LabInt top = outputRow * w->rowStride - w->rowPadding;
  const LabInt left = outputColumn * w->columnStride - w->columnPadding;
  const LabInt bottom = smaller(top + w->windowHeight, w->height + w->rowPadding);
  const LabInt right = smaller(left + w->windowWidth, w->width + w->columnPadding);
  return (Window){larger(top, 0), smaller(bottom, w->height), larger(left, 0), smaller(right, w->width),
                  (bottom - top) * (right - left)};
}

#define LAB_EACH_WINDOW(geometry, outputRow, outputColumn)                                  \
  for (LabInt outputRow = 0; outputRow < (geometry).outputHeight; outputRow++)              \
    for (LabInt outputColumn = 0; outputColumn < (geometry).outputWidth; outputColumn++)

#define LAB_EACH_TAP(window, row, column)                              \
  for (LabInt row = (window).top; row < (window).bottom; row++)        \
    for (LabInt column = (window).left; column < (window).right; column++)

static void maxPool(LabExtent extent, LabPooling geometry, const float *x, float *y) {
  for (LabInt plane = 0; plane < extent.samples * extent.blocks; plane++) {
    const float *source = x + plane * geometry.height * geometry.width * lanes;
    float *target = y + plane * geometry.outputHeight * geometry.outputWidth * lanes;
    LAB_EACH_WINDOW(geometry, outputRow, outputColumn) {
      const Window window = windowAt(&geometry, outputRow, outputColumn);
      Vec result = (Vec)-INFINITY;
      LAB_EACH_TAP(window, row, column) {
        result = maximumOrNaN(result, load(source + (row * geometry.width + column) * lanes));
      }
      store(target, result);
      target += lanes;
    }
  }
}

static void maxPoolGradient(LabExtent extent, LabPooling geometry, const float *x, const float *y, const float *dy,
                            float *dx) {
  const LabInt imageFloats = geometry.height * geometry.width * lanes;
  const LabInt outputFloats = geometry.outputHeight * geometry.outputWidth * lanes;
  for (LabInt plane = 0; plane < extent.samples * extent.blocks; plane++) {
    const float *source = x + plane * imageFloats;
    float *gradient = dx + plane * imageFloats;
    LabInt output = plane * outputFloats;
    __builtin_memset(gradient, 0, (size_t)imageFloats * sizeof(float));
    LAB_EACH_WINDOW(geometry, outputRow, outputColumn) {
      const Window window = windowAt(&geometry, outputRow, outputColumn);
      const Vec result = load(y + output), upstream = load(dy + output);
      VecInt open = (VecInt)-1;
      LAB_EACH_TAP(window, row, column) {
        const LabInt i = (row * geometry.width + column) * lanes;
        const VecInt found = (load(source + i) == result) & open;
        store(gradient + i, load(gradient + i) + masked(upstream, found));
        open &= ~found;
      }
      output += lanes;
    }
  }
}

LAB_INLINE float inverseWindowSize(const Window *window, bool countsPadding) {
  const LabInt inside = (window->bottom - window->top) * (window->right - window->left);
  return 1.0f / (float)(countsPadding ? window->paddedSize : inside);
}

static void averagePool(LabExtent extent, LabPooling geometry, bool countsPadding, const float *x, float *y) {
  for (LabInt plane = 0; plane < extent.samples * extent.blocks; plane++) {
    const float *source = x + plane * geometry.height * geometry.width * lanes;
    float *target = y + plane * geometry.outputHeight * geometry.outputWidth * lanes;
    LAB_EACH_WINDOW(geometry, outputRow, outputColumn) {
      const Window window = windowAt(&geometry, outputRow, outputColumn);
      Vec sum = (Vec)0.0f;
      LAB_EACH_TAP(window, row, column) { sum += load(source + (row * geometry.width + column) * lanes); }
      store(target, sum * inverseWindowSize(&window, countsPadding));
      target += lanes;
    }
  }
}

static void averagePoolGradient(LabExtent extent, LabPooling geometry, bool countsPadding, const float *dy,
                                float *dx) {
  const LabInt imageFloats = geometry.height * geometry.width * lanes;
  const LabInt outputFloats = geometry.outputHeight * geometry.outputWidth * lanes;
  for (LabInt plane = 0; plane < extent.samples * extent.blocks; plane++) {
    float *gradient = dx + plane * imageFloats;
    const float *upstream = dy + plane * outputFloats;
    __builtin_memset(gradient, 0, (size_t)imageFloats * sizeof(float));
    LAB_EACH_WINDOW(geometry, outputRow, outputColumn) {
      const Window window = windowAt(&geometry, outputRow, outputColumn);
      const Vec share = load(upstream) * inverseWindowSize(&window, countsPadding);
      LAB_EACH_TAP(window, row, column) {
        float *target = gradient + (row * geometry.width + column) * lanes;
        store(target, load(target) + share);
      }
      upstream += lanes;
    }
  }
}
