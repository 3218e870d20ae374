// Reductions over the channels of each pixel, largest elements with their gradients, and moves of single channels.

LAB_INLINE Vec largerOf(Vec a, Vec b, bool isMaximum) { return isMaximum ? maximumOrNaN(a, b) : a + b; }

// One pixel's blocks folded into one vector; lanes without a channel do not count.
LAB_INLINE Vec foldBlocks(const float *pixel, LabExtent extent, bool isMaximum) {
  const LabInt last = extent.blocks - 1, plane = extent.pixels * lanes;
  Vec result = load(pixel + last * plane);
  if (isMaximum) result = liveLanes(extent.channels, last) ? result : (Vec)-INFINITY;
  for (LabInt block = 0; block < last; block++) result = largerOf(result, load(pixel + block * plane), isMaximum);
  return result;
}

LAB_INLINE void reduceChannelsWith(LabExtent extent, const float *x, float factor, bool isMaximum, float *y) {
  float tile[LAB_BLOCK * LAB_BLOCK] = {0};
  for (LabInt sample = 0; sample < extent.samples; sample++) {
    for (LabInt start = 0; start < extent.pixels; start += lanes) {
      const LabInt live = smaller(lanes, extent.pixels - start);
      const float *first = x + planeOffset(extent, sample, 0) + start * lanes;
      for (LabInt i = 0; i < live; i++) store(tile + i * lanes, foldBlocks(first + i * lanes, extent, isMaximum));
      transposeTile(tile, lanes, tile, lanes);
      Vec result = load(tile);
      for (LabInt i = 1; i < lanes; i++) result = largerOf(result, load(tile + i * lanes), isMaximum);
      storeFirst(y + sample * extent.pixels + start, live, isMaximum ? result : result * factor);
    }
  }
}

static void reduceChannels(LabExtent extent, LabReduction function, const float *x, float *y) {
  if (function == LAB_MAXIMUM) {
    reduceChannelsWith(extent, x, 1, true, y);
  } else {
    reduceChannelsWith(extent, x, function == LAB_MEAN ? 1 / (float)extent.channels : 1, false, y);
  }
}

static void broadcastChannels(LabExtent extent, const float *value, float factor, float *y) {
  for (LabInt sample = 0; sample < extent.samples; sample++) {
    const float *values = value + sample * extent.pixels;
    for (LabInt block = 0; block < extent.blocks; block++) {
      const VecInt live = liveLanes(extent.channels, block);
      float *plane = y + planeOffset(extent, sample, block);
      for (LabInt pixel = 0; pixel < extent.pixels; pixel++) {
        store(plane + pixel * lanes, masked((Vec)(factor * values[pixel]), live));
      }
    }
  }
}

// The first lane that is set, or -1.
LAB_INLINE int firstSet(VecInt mask) {
  int32_t values[LAB_BLOCK];
  __builtin_memcpy(values, &mask, sizeof mask);
  int result = -1;
  for (int lane = LAB_BLOCK - 1; lane >= 0; lane--) result = values[lane] ? lane : result;
  return result;
}

static void maximumOfChannelsGradient(LabExtent extent, const float *upstream, const float *x, const float *maxima,
                                      float *dx) {
  const LabInt plane = extent.pixels * lanes;
  const VecInt indices = LAB_LANE_INDICES;
  for (LabInt sample = 0; sample < extent.samples; sample++) {
    for (LabInt pixel = 0; pixel < extent.pixels; pixel++) {
      const LabInt offset = planeOffset(extent, sample, 0) + pixel * lanes;
      const LabInt at = sample * extent.pixels + pixel;
      bool isFound = false;
      for (LabInt block = 0; block < extent.blocks; block++) {
        Vec result = (Vec)0.0f;
        if (!isFound) {
          const VecInt equal = (load(x + offset + block * plane) == (Vec)maxima[at]) & liveLanes(extent.channels, block);
          const int lane = firstSet(equal);
          if (lane >= 0) {
            result = masked((Vec)upstream[at], indices == lane);
            isFound = true;
          }
        }
        store(dx + offset + block * plane, result);
      }
    }
  }
}

static void poolMaximum(LabExtent extent, const float *x, float *maxima) {
  for (LabInt sample = 0; sample < extent.samples; sample++) {
    for (LabInt block = 0; block < extent.blocks; block++) {
      const float *plane = x + planeOffset(extent, sample, block);
      Vec result = (Vec)-INFINITY;
      for (LabInt pixel = 0; pixel < extent.pixels; pixel++) result = maximumOrNaN(result, load(plane + pixel * lanes));
      store(maxima + (sample * extent.blocks + block) * lanes, masked(result, liveLanes(extent.channels, block)));
    }
  }
}

static void poolMaximumGradient(LabExtent extent, const float *upstream, const float *x, const float *maxima,
                                float *dx) {
  for (LabInt plane = 0; plane < extent.samples * extent.blocks; plane++) {
    const Vec largest = load(maxima + plane * lanes);
    VecInt open = liveLanes(extent.channels, plane % extent.blocks);
    const Vec gradient = load(upstream + plane * lanes);
    for (LabInt pixel = 0; pixel < extent.pixels; pixel++) {
      const LabInt i = (plane * extent.pixels + pixel) * lanes;
      const VecInt here = (load(x + i) == largest) & open;
      store(dx + i, masked(gradient, here));
      open &= ~here;
    }
  }
}

// The lanes of a vector in any order.
LAB_INLINE Vec permuted(Vec v, VecInt order) {
#ifdef LAB_PERMUTE
  return LAB_PERMUTE(v, order);
#else
  float values[LAB_BLOCK], result[LAB_BLOCK];
  int32_t indices[LAB_BLOCK];
  store(values, v);
  __builtin_memcpy(indices, &order, sizeof order);
  for (int lane = 0; lane < LAB_BLOCK; lane++) result[lane] = values[indices[lane]];
  return load(result);
#endif
}

// A block of an operand that gives lanes to one of the result's blocks.
typedef struct {
  LabInt source, block;
  VecInt order, isTaken;
} GivenBlock;

// The operands' blocks that make up a block of the result, and their number.
LAB_INLINE LabInt givenBlocks(const LabSelection *s, LabInt block, GivenBlock given[LAB_BLOCK]) {
  LabInt count = 0;
  for (LabInt lane = 0; lane < lanes; lane++) {
    const LabInt source = s->origins[block * lanes + lane], channel = s->channels[block * lanes + lane];
    if (source < 0) continue;
    LabInt i = 0;
    while (i < count && (given[i].source != source || given[i].block != channel / lanes)) i++;
    if (i == count) given[count++] = (GivenBlock){.source = source, .block = channel / lanes};
    given[i].order[lane] = (int32_t)(channel % lanes);
    given[i].isTaken[lane] = -1;
  }
  return count;
}

LAB_INLINE void selectBlock(const GivenBlock *given, const float *const *planes, LabInt count, LabInt pixels,
                            float *target) {
  for (LabInt i = 0; i < pixels * lanes; i += lanes) {
    VecInt result = (VecInt)0;
    for (LabInt k = 0; k < count; k++) {
      result |= (VecInt)permuted(load(planes[k] + i), given[k].order) & given[k].isTaken;
    }
    store(target + i, (Vec)result);
  }
}

static void selectChannels(const LabSelection *s) {
  const LabInt pixels = s->extent.pixels;
  const VecInt inOrder = LAB_LANE_INDICES;
  for (LabInt block = 0; block < s->extent.blocks; block++) {
    GivenBlock given[LAB_BLOCK];
    const LabInt count = givenBlocks(s, block, given);
    const bool isWhole = count == 1 && firstSet((given[0].order != inOrder) | ~given[0].isTaken) < 0;
    for (LabInt sample = 0; sample < s->extent.samples; sample++) {
      const float *planes[LAB_BLOCK];
      for (LabInt k = 0; k < count; k++) {
        const LabInt plane = sample * s->sourceBlocks[given[k].source] + given[k].block;
        planes[k] = s->sources[given[k].source] + plane * pixels * lanes;
      }
      float *target = s->y + planeOffset(s->extent, sample, block);
      if (isWhole) {
        __builtin_memcpy(target, planes[0], (size_t)(pixels * lanes) * sizeof(float));
      } else if (count == 1) {
        selectBlock(given, planes, 1, pixels, target);
      } else if (count == 2) {
        selectBlock(given, planes, 2, pixels, target);
      } else {
        selectBlock(given, planes, count, pixels, target);
      }
    }
  }
}
