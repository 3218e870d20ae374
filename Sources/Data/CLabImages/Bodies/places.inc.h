// Where each pixel of a row of the output comes from.

// The upper left corner of each place's cell as an offset into the pixels, and the shares of the corners beside and
// below it.
typedef struct {
  int32_t *corners;
  float *beside, *below;
} Places;

LAB_INLINE Places placesIn(float *memory, long width) {
  const long count = (width + 7) / 8 * 8;
  return (Places){(int32_t *)memory, memory + count, memory + 2 * count};
}

// Finds the places of a row.
LAB_INLINE void locate(const LabImageSampling *s, float rowNumber, Places places) {
  const float *map = s->map;
  const int32_t pitch = (int32_t)pitchOf(s->extent.width);
  const Vec rowX = map[1] * rowNumber + map[2], rowY = map[4] * rowNumber + map[5];
  const Vec fromColumnX = map[0], fromColumnY = map[3];
  const Vec before = -1, right = (float)s->extent.width, bottom = (float)s->extent.height;
  const VecInt indices = LAB_LANE_INDICES;
  Vec number = __builtin_convertvector(indices, Vec);
  for (long place = 0; place < s->extent.width; place += lanes, number += lanes) {
    // Farther out, everything is border as well. Shifted by one, both are positive, so that truncation rounds down.
    const Vec x = minimum(maximum(rowX + fromColumnX * number, before), right);
    const Vec y = minimum(maximum(rowY + fromColumnY * number, before), bottom);
    const VecInt left = __builtin_convertvector(x + 1, VecInt);
    const VecInt top = __builtin_convertvector(y + 1, VecInt);
    const VecInt corners = top * pitch + left * 4;
    __builtin_memcpy(places.corners + place, &corners, sizeof corners);
    store(places.beside + place, x - __builtin_convertvector(left - 1, Vec));
    store(places.below + place, y - __builtin_convertvector(top - 1, Vec));
  }
}
