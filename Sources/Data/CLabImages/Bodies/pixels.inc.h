// Bytes become pixels of four floats, with a border of one pixel before the image and two behind it.
//
// Rows are written in whole vectors, so that one pixel behind a row may be overwritten: the border is written last.

LAB_INLINE long pitchOf(long width) { return 4 * (width + 3); }

// The first pixel of a row of the image.
LAB_INLINE float *rowOf(float *pixels, long row, long width) { return pixels + (row + 1) * pitchOf(width) + 4; }

// Looks each byte up.
LAB_INLINE void lookUp(const LabImageSampling *s, long channels, float *pixels) {
  const LabImageExtent e = s->extent;
  const float *table = s->table;
  const uint8_t *source = s->image;
  for (long row = 0; row < e.height; row++) {
    float *target = rowOf(pixels, row, e.width);
    for (long column = 0; column < e.width; column++, source += e.stride, target += 4) {
      Four value = 0;
      for (long c = 0; c < channels; c++) value[c] = table[256 * c + source[c]];
      storeFour(target, value);
    }
  }
}

// The bytes of as many pixels as a vector has, with zeros in the lanes without a channel; `count` of these pixels exist.
LAB_INLINE Bytes loadBytes(const uint8_t *source, long channels, long stride, long count) {
  uint8_t bytes[lanes] = {0};
  for (long pixel = 0; pixel < count; pixel++) {
    for (long c = 0; c < channels; c++) bytes[4 * pixel + c] = source[pixel * stride + c];
  }
  Bytes v;
  __builtin_memcpy(&v, bytes, sizeof v);
  return v;
}

// The same of pixels of three channels and nothing else; also reads, but does not use, the byte of each that follows.
LAB_INLINE Bytes loadThirds(const uint8_t *source) {
  Bytes v;
  __builtin_memcpy(&v, source, sizeof v);
  const Bytes none = 0;
#if LAB_LANES == 8
  return __builtin_shufflevector(v, none, 0, 1, 2, 8, 3, 4, 5, 8);
#else
  return __builtin_shufflevector(v, none, 0, 1, 2, 4);
#endif
}

// Writes pixels as values between 0 and 1 of another brightness, and adds `count` of them to the channels' sums, one
// after the other.
LAB_INLINE Four brightenPixels(Bytes bytes, Vec brightness, long count, Four sums, float *target) {
  const Vec value = minimum(__builtin_convertvector(bytes, Vec) * brightness * (1.0f / 255), 1);
  store(target, value);
#if LAB_LANES == 8
  sums += value.lo;
  return count > 1 ? sums + value.hi : sums;
#else
  return sums + value;
#endif
}

// Brightens a row.
LAB_INLINE Four brighten(const LabImageSampling *s, long channels, long row, Four sums, float *pixels) {
  const LabImageExtent e = s->extent;
  const Vec brightness = s->light->brightness;
  const uint8_t *source = s->image + row * e.width * e.stride;
  float *target = rowOf(pixels, row, e.width);
  long column = 0;
  if (channels == 3 && e.stride == 3) {
    // Where no pixel follows, the byte behind the last one may be in nobody's memory.
    const long end = row + 1 < e.height ? e.width - 1 : e.width - 2;
    for (; column < end; column += pixelsPerVector) {
      sums = brightenPixels(loadThirds(source + 3 * column), brightness, lanes, sums, target + 4 * column);
    }
  }
  for (; column < e.width; column += pixelsPerVector) {
    const long left = e.width - column, count = left < pixelsPerVector ? left : pixelsPerVector;
    const Bytes bytes = loadBytes(source + column * e.stride, channels, e.stride, count);
    sums = brightenPixels(bytes, brightness, count, sums, target + 4 * column);
  }
  return sums;
}

// The mean luminance of an image whose channels sum up to `sums`.
LAB_INLINE float meanLuminance(const LabImageSampling *s, long channels, Four sums) {
  float total = 0;
  for (long c = 0; c < channels; c++) total += sums[c] * s->light->luminance[c];
  return total / (float)(s->extent.height * s->extent.width);
}

// Changes the contrast about a mean, and normalises.
LAB_INLINE void finish(const LabImageSampling *s, float mean, float *pixels) {
  const LabImageExtent e = s->extent;
  const Vec shift = LAB_TWICE(loadFour(s->light->shift)), factor = LAB_TWICE(loadFour(s->light->factor));
  const bool isContrasted = s->light->contrast != 1;
  const Vec middle = mean, contrast = s->light->contrast, zero = 0, one = 1;
  for (long row = 0; row < e.height; row++) {
    float *target = rowOf(pixels, row, e.width);
    for (long column = 0; column < e.width; column += pixelsPerVector, target += lanes) {
      Vec value = load(target);
      if (isContrasted) value = minimum(maximum(middle + (value - middle) * contrast, zero), one);
      store(target, shift + value * factor);
    }
  }
}

LAB_INLINE void drawBorder(const LabImageSampling *s, float *pixels) {
  const LabImageExtent e = s->extent;
  const Four fill = loadFour(s->fill);
  const long pitch = pitchOf(e.width);
  for (long place = 0; place < pitch; place += 4) {
    storeFour(pixels + place, fill);
    storeFour(pixels + (e.height + 1) * pitch + place, fill);
    storeFour(pixels + (e.height + 2) * pitch + place, fill);
  }
  for (long row = 0; row < e.height; row++) {
    float *line = rowOf(pixels, row, e.width);
    storeFour(line - 4, fill);
    storeFour(line + 4 * e.width, fill);
    storeFour(line + 4 * e.width + 4, fill);
  }
}
