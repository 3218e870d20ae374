// Changes of layout: transposed tiles, flat and blocked activations, space to depth.

// Reads `lanes` rows and writes them as columns; the target may be the source.
LAB_INLINE void transposeTile(const float *source, LabInt sourceStride, float *target, LabInt targetStride) {
  Vec rows[LAB_BLOCK], turned[LAB_BLOCK];
  for (int i = 0; i < lanes; i++) rows[i] = load(source + i * sourceStride);
#if LAB_BLOCK == 16
#define LAB_PAIRS(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
  // Pairs of elements and pairs of pairs within each quarter of the vectors, then whole quarters.
  for (int i = 0; i < 16; i += 2) {
    turned[i] = LAB_PAIRS(rows[i], rows[i + 1], 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29);
    turned[i + 1] = LAB_PAIRS(rows[i], rows[i + 1], 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31);
  }
  for (int i = 0; i < 16; i += 4) {
    for (int j = 0; j < 2; j++) {
      const Vec a = turned[i + j], b = turned[i + j + 2];
      rows[i + 2 * j] = LAB_PAIRS(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29);
      rows[i + 2 * j + 1] = LAB_PAIRS(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
    }
  }
  for (int half = 0; half < 16; half += 8) {
    for (int j = half; j < half + 4; j++) {
      turned[j] = LAB_PAIRS(rows[j], rows[j + 4], 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27);
      turned[j + 4] = LAB_PAIRS(rows[j], rows[j + 4], 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
    }
  }
  for (int j = 0; j < 8; j++) {
    rows[j] = LAB_PAIRS(turned[j], turned[j + 8], 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27);
    rows[j + 8] = LAB_PAIRS(turned[j], turned[j + 8], 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
  }
#undef LAB_PAIRS
#else
  for (int i = 0; i < 8; i += 2) {
    turned[i] = __builtin_shufflevector(rows[i], rows[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
    turned[i + 1] = __builtin_shufflevector(rows[i], rows[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
  }
  for (int i = 0; i < 8; i += 4) {
    for (int j = 0; j < 2; j++) {
      const Vec a = turned[i + j], b = turned[i + j + 2];
      rows[i + 2 * j] = __builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5, 12, 13);
      rows[i + 2 * j + 1] = __builtin_shufflevector(a, b, 2, 3, 10, 11, 6, 7, 14, 15);
    }
  }
  for (int j = 0; j < 4; j++) {
    turned[j] = __builtin_shufflevector(rows[j], rows[j + 4], 0, 1, 2, 3, 8, 9, 10, 11);
    turned[j + 4] = __builtin_shufflevector(rows[j], rows[j + 4], 4, 5, 6, 7, 12, 13, 14, 15);
  }
  for (int j = 0; j < 8; j++) rows[j] = turned[j];
#endif
  for (int i = 0; i < lanes; i++) store(target + i * targetStride, rows[i]);
}

static void transposeBlocks(LabInt count, const float *x, float *y) {
  for (LabInt i = 0; i < count; i++) transposeTile(x + i * lanes * lanes, lanes, y + i * lanes * lanes, lanes);
}

static void toBlocked(LabExtent extent, const float *flat, float *blocked) {
  const LabInt pixels = extent.pixels;
  for (LabInt sample = 0; sample < extent.samples; sample++) {
    for (LabInt block = 0; block < extent.blocks; block++) {
      const LabInt first = block * lanes;
      const LabInt channels = larger(0, smaller(extent.channels - first, lanes));
      const float *source = flat + (sample * extent.channels + first) * pixels;
      float *target = blocked + planeOffset(extent, sample, block);
      LabInt pixel = 0;
      if (channels == lanes) {
        for (; pixel + lanes <= pixels; pixel += lanes) {
          transposeTile(source + pixel, pixels, target + pixel * lanes, lanes);
        }
      }
      for (; pixel < pixels; pixel++) {
        float *out = target + pixel * lanes;
        for (LabInt channel = 0; channel < channels; channel++) out[channel] = source[channel * pixels + pixel];
        for (LabInt channel = channels; channel < lanes; channel++) out[channel] = 0;
      }
    }
  }
}

static void fromBlocked(LabExtent extent, const float *blocked, float *flat) {
  const LabInt pixels = extent.pixels;
  for (LabInt sample = 0; sample < extent.samples; sample++) {
    for (LabInt block = 0; block < extent.blocks; block++) {
      const LabInt first = block * lanes;
      const LabInt channels = larger(0, smaller(extent.channels - first, lanes));
      const float *source = blocked + planeOffset(extent, sample, block);
      float *target = flat + (sample * extent.channels + first) * pixels;
      LabInt pixel = 0;
      if (channels == lanes) {
        for (; pixel + lanes <= pixels; pixel += lanes) {
          transposeTile(source + pixel * lanes, lanes, target + pixel, pixels);
        }
      }
      for (LabInt channel = 0; channel < channels; channel++) {
        for (LabInt p = pixel; p < pixels; p++) target[channel * pixels + p] = source[p * lanes + channel];
      }
    }
  }
}

// Moves between an image of height × width and its scale² sub-images, each a group of `blocks` deep blocks.
LAB_INLINE void moveDepth(LabInt samples, LabInt blocks, LabInt height, LabInt width, LabInt scale, const float *source,
                          float *target, bool toDepth) {
  const LabInt rows = height / scale, columns = width / scale, groups = scale * scale;
  for (LabInt sample = 0; sample < samples; sample++) {
    for (LabInt group = 0; group < groups; group++) {
      const LabInt rowOffset = group % scale, columnOffset = group / scale;
      for (LabInt block = 0; block < blocks; block++) {
        const LabInt image = (sample * blocks + block) * height * width;
        const LabInt deep = ((sample * groups + group) * blocks + block) * rows * columns;
        for (LabInt row = 0; row < rows; row++) {
          const LabInt imageRow = image + (row * scale + rowOffset) * width + columnOffset;
          for (LabInt column = 0; column < columns; column++) {
            const LabInt inImage = (imageRow + column * scale) * lanes;
            const LabInt inDeep = (deep + row * columns + column) * lanes;
            if (toDepth) {
              store(target + inDeep, load(source + inImage));
            } else {
              store(target + inImage, load(source + inDeep));
            }
          }
        }
      }
    }
  }
}

static void spaceToDepth(LabExtent extent, LabInt height, LabInt width, LabInt scale, const float *x, float *y) {
  moveDepth(extent.samples, extent.blocks, height, width, scale, x, y, true);
}

static void depthToSpace(LabExtent extent, LabInt height, LabInt width, LabInt scale, const float *x, float *y) {
  moveDepth(extent.samples, extent.blocks / (scale * scale), height * scale, width * scale, scale, x, y, false);
}
