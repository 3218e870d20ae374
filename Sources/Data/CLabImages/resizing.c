// Resizing of images, or of parts of them: a triangle filter that widens as an image shrinks. Vectors of four lanes, which
// every processor has, do: the rows of pixels are summed from memory that is read once.

#include <math.h>
#include <string.h>

#include "CLabImages.h"

#pragma clang fp contract(off)

typedef float Four __attribute__((ext_vector_type(4)));
typedef int32_t FourIntegers __attribute__((ext_vector_type(4)));
typedef uint8_t FourBytes __attribute__((ext_vector_type(4)));

static Four loadFour(const float *source) {
  Four v;
  memcpy(&v, source, sizeof v);
  return v;
}

static void storeFour(float *target, Four v) { memcpy(target, &v, sizeof v); }

// The source positions and weights of each result along one axis.
typedef struct {
  int32_t *first, *count;
  float *weights;
} Taps;

static long larger(long a, long b) { return a > b ? a : b; }

// A result has at most two supports and one position, and a support is the ratio of the extents, or 1.
static long weightCount(long source, long target) { return 2 * larger(source, target) + 2 * target; }

static float *makeTaps(long source, double span, long target, float *memory, Taps *taps) {
  taps->first = (int32_t *)memory;
  taps->count = taps->first + target;
  taps->weights = memory + 2 * target;
  const double ratio = span / (double)target;
  const double support = ratio > 1 ? ratio : 1;
  float *weight = taps->weights;
  for (long index = 0; index < target; ++index) {
    const double center = ((double)index + 0.5) * ratio;
    const long first = larger(0, (long)floor(center - support + 0.5));
    const long reach = (long)floor(center + support + 0.5);
    const long end = reach < source ? reach : source;
    double sum = 0;
    for (int pass = 0; pass < 2; ++pass)
      for (long position = first; position < end; ++position) {
        const double share = 1 - fabs((double)position + 0.5 - center) / support;
        const double own = share > 0 ? share : 0;
        if (pass == 0)
          sum += own;
        else
          *weight++ = (float)(own / sum);
      }
    taps->first[index] = (int32_t)first;
    taps->count[index] = (int32_t)(end - first);
  }
  return taps->weights + weightCount(source, target);
}

// Sums three channels in a vector of four: what is too much of a pixel is overwritten by the next one.
static void narrowThree(const float *line, const Taps *taps, long count, float *target) {
  const float *weight = taps->weights;
  for (long index = 0; index < count; ++index) {
    const float *source = line + 3 * taps->first[index];
    Four sum = 0;
    for (int32_t tap = 0; tap < taps->count[index]; ++tap, source += 3) sum += *weight++ * loadFour(source);
    storeFour(target + 3 * index, sum);
  }
}

static void narrow(const float *line, long channels, const Taps *taps, long count, float *target) {
  const float *weight = taps->weights;
  for (long index = 0; index < count; ++index) {
    for (long channel = 0; channel < channels; ++channel) {
      const float *source = line + channels * taps->first[index] + channel;
      float sum = 0;
      for (int32_t tap = 0; tap < taps->count[index]; ++tap, source += channels) sum += weight[tap] * *source;
      target[channels * index + channel] = sum;
    }
    weight += taps->count[index];
  }
}

// A row's values in the channels that come out; the luminance is that of ITU-R BT.601.
static void recolor(const uint8_t *source, long width, long ownChannels, long channels, float *line) {
  if (ownChannels == 3 && channels == 1)
    for (long pixel = 0; pixel < width; ++pixel, source += 3)
      line[pixel] = 0.299f * source[0] + 0.587f * source[1] + 0.114f * source[2];
  else if (ownChannels == 1 && channels == 3)
    for (long pixel = 0; pixel < width; ++pixel)
      line[3 * pixel] = line[3 * pixel + 1] = line[3 * pixel + 2] = source[pixel];
  else
    for (long index = 0; index < width * channels; ++index) line[index] = source[index];
}

static uint8_t rounded(float sum) {
  const float value = sum + 0.5f;
  return (uint8_t)(value < 255 ? value : 255);
}

static void storeRounded(uint8_t *target, Four sum) {
  const Four value = sum + 0.5f;
  const FourIntegers whole = __builtin_convertvector(value < 255 ? value : 255, FourIntegers);
  const FourBytes bytes = __builtin_convertvector(whole, FourBytes);
  memcpy(target, &bytes, sizeof bytes);
}

// Sums rows of `count` values each, and rounds.
static void shorten(const float *rows, long count, long taps, const float *weights, uint8_t *target) {
  long lane = 0;
  for (; lane + 16 <= count; lane += 16) {
    Four a = 0, b = 0, c = 0, d = 0;
    for (long tap = 0; tap < taps; ++tap) {
      const float *source = rows + tap * count + lane;
      a += weights[tap] * loadFour(source);
      b += weights[tap] * loadFour(source + 4);
      c += weights[tap] * loadFour(source + 8);
      d += weights[tap] * loadFour(source + 12);
    }
    storeRounded(target + lane, a);
    storeRounded(target + lane + 4, b);
    storeRounded(target + lane + 8, c);
    storeRounded(target + lane + 12, d);
  }
  for (; lane < count; ++lane) {
    float sum = 0;
    for (long tap = 0; tap < taps; ++tap) sum += weights[tap] * rows[tap * count + lane];
    target[lane] = rounded(sum);
  }
}

long labImageResizingScratch(long channels, long height, long width, long newHeight, long newWidth) {
  // A line and the narrowed rows, each with what a vector reaches beyond it, and the taps of both axes.
  return width * channels + 4 + height * newWidth * channels + 4 + 2 * newWidth + weightCount(width, newWidth) +
         2 * newHeight + weightCount(height, newHeight);
}

void labImageResize(const LabImageResizing *resizing) {
  const long channels = resizing->channels, width = resizing->width, newWidth = resizing->newWidth;
  const long lineLength = width * channels, rowLength = newWidth * channels;
  float *line = resizing->scratch;
  float *rows = line + lineLength + 4;
  Taps across, down;
  float *memory = makeTaps(width, resizing->widthSpan, newWidth, rows + resizing->height * rowLength + 4, &across);
  makeTaps(resizing->height, resizing->heightSpan, resizing->newHeight, memory, &down);
  memset(line + lineLength, 0, 4 * sizeof *line);
  for (long row = 0; row < resizing->height; ++row) {
    recolor(resizing->image + row * resizing->rowStride, width, resizing->ownChannels, channels, line);
    float *target = rows + row * rowLength;
    if (channels == 3)
      narrowThree(line, &across, newWidth, target);
    else
      narrow(line, channels, &across, newWidth, target);
  }
  const float *weights = down.weights;
  for (long row = 0; row < resizing->newHeight; ++row) {
    shorten(
        rows + down.first[row] * rowLength, rowLength, down.count[row], weights, resizing->output + row * rowLength);
    weights += down.count[row];
  }
}
