// Bilinear interpolation at given places.

// The pixels at the offsets of places 0 and 4, as many as a vector has.
LAB_INLINE Vec pixelsAt(const float *pixels, const int32_t *corners) {
#if LAB_LANES == 8
  return LAB_JOIN(loadFour(pixels + corners[0]), loadFour(pixels + corners[4]));
#else
  return loadFour(pixels + corners[0]);
#endif
}

LAB_INLINE Vec between(const float *pixels, long pitch, const int32_t *corners, Vec beside, Vec below) {
  const Vec upper = mix(pixelsAt(pixels, corners), pixelsAt(pixels + 4, corners), beside);
  const Vec lower = mix(pixelsAt(pixels + pitch, corners), pixelsAt(pixels + pitch + 4, corners), beside);
  return mix(upper, lower, below);
}

// The values of `lanes` neighbouring places, a vector for each channel.
typedef struct {
  Vec channels[4];
} Values;

LAB_INLINE Values valuesAt(const float *pixels, long pitch, Places places, long place) {
  const int32_t *corners = places.corners + place;
  const Vec beside = load(places.beside + place), below = load(places.below + place);
  // Places 0 and 4 share a vector, and so on, so that transposing each four lanes puts the places in order.
  const Vec a = between(pixels, pitch, corners, LAB_SPREAD(beside, 0), LAB_SPREAD(below, 0));
  const Vec b = between(pixels, pitch, corners + 1, LAB_SPREAD(beside, 1), LAB_SPREAD(below, 1));
  const Vec c = between(pixels, pitch, corners + 2, LAB_SPREAD(beside, 2), LAB_SPREAD(below, 2));
  const Vec d = between(pixels, pitch, corners + 3, LAB_SPREAD(beside, 3), LAB_SPREAD(below, 3));
  const Vec lowAB = LAB_LANES_LOW(a, b), lowCD = LAB_LANES_LOW(c, d);
  const Vec highAB = LAB_LANES_HIGH(a, b), highCD = LAB_LANES_HIGH(c, d);
  return (Values){{LAB_PAIRS_LOW(lowAB, lowCD), LAB_PAIRS_HIGH(lowAB, lowCD), LAB_PAIRS_LOW(highAB, highCD),
                   LAB_PAIRS_HIGH(highAB, highCD)}};
}

LAB_INLINE void interpolate(const LabImageSampling *s, long channels, const float *pixels, Places places) {
  const LabImageExtent e = s->extent;
  const long pitch = pitchOf(e.width), plane = e.height * e.width, whole = e.width - e.width % lanes;
  float rowNumber = 0;
  for (long row = 0; row < e.height; row++, rowNumber += 1) {
    locate(s, rowNumber, places);
    float *target = s->output + row * e.width;
    for (long column = 0; column < whole; column += lanes) {
      const Values values = valuesAt(pixels, pitch, places, column);
      for (long c = 0; c < channels; c++) store(target + c * plane + column, values.channels[c]);
    }
    if (whole == e.width) continue;
    const Values values = valuesAt(pixels, pitch, places, whole);
    for (long c = 0; c < channels; c++) {
      memcpy(target + c * plane + whole, &values.channels[c], sizeof(float) * (e.width - whole));
    }
  }
}
