// Crops and mirrorings by whole pixels, whose values are looked up.

#include "CLabImages.h"

static void fillLine(float *line, long count, float value) {
  for (long column = 0; column < count; ++column) line[column] = value;
}

static long limited(long value, long least, long largest) {
  return value < least ? least : value > largest ? largest : value;
}

void labImageShift(const LabImageShift *shift) {
  const long channels = shift->channels, height = shift->height, width = shift->width;
  // The columns of the crop that lie within the image, before mirroring.
  const long first = limited(-shift->offsetX, 0, width);
  const long count = limited(width - shift->offsetX, first, width) - first;
  const long step = shift->isFlipped ? -1 : 1;
  const long firstOutput = shift->isFlipped ? width - 1 - first : first;
  for (long channel = 0; channel < channels; ++channel) {
    const float *values = shift->table + channel * 256;
    for (long row = 0; row < height; ++row) {
      float *line = shift->output + (channel * height + row) * width;
      const long sourceRow = row + shift->offsetY;
      const long inside = sourceRow >= 0 && sourceRow < height ? count : 0;
      if (inside < width) fillLine(line, width, shift->fill[channel]);
      if (!inside) continue;
      const uint8_t *source = shift->image + (sourceRow * width + first + shift->offsetX) * channels + channel;
      float *target = line + firstOutput;
      for (long column = 0; column < count; ++column) target[column * step] = values[source[column * channels]];
    }
  }
}
