// Convolutions of a few flat channels, such as those of spatial attention: rows of pixels are the vectors.

LAB_INLINE LabInt thinRow(const LabThinConvolution *c) {
  const LabInt reach = c->dilationWidth * (c->kernelWidth - 1);
  return (c->outputWidth + lanes - 1) / lanes * lanes + reach;
}

LAB_INLINE LabInt thinRows(const LabThinConvolution *c) {
  return c->outputHeight + c->dilationHeight * (c->kernelHeight - 1);
}

static LabInt thinScratchCount(const LabThinConvolution *c) { return c->inputChannels * thinRows(c) * thinRow(c); }

// One sample's image with its border of zeros, and zeros behind each row up to a whole vector.
LAB_INLINE void thinPad(const LabThinConvolution *c, const float *x, float *padded) {
  const LabInt rows = thinRows(c), row = thinRow(c);
  memset(padded, 0, (size_t)thinScratchCount(c) * sizeof(float));
  const LabInt height = smaller(c->height, rows - c->paddingHeight), width = smaller(c->width, row - c->paddingWidth);
  for (LabInt channel = 0; channel < c->inputChannels; channel++) {
    for (LabInt y = 0; y < height; y++) {
      memcpy(padded + (channel * rows + y + c->paddingHeight) * row + c->paddingWidth,
             x + (channel * c->height + y) * c->width, (size_t)width * sizeof(float));
    }
  }
}

// `count` neighbouring vectors of a row of one output channel.
LAB_INLINE void thinSpan(const LabThinConvolution *c, const float *padded, const float *weights, LabInt count, Vec *sums) {
  const LabInt rows = thinRows(c), row = thinRow(c);
  for (LabInt u = 0; u < count; u++) sums[u] = (Vec)0.0f;
  for (LabInt channel = 0; channel < c->inputChannels; channel++) {
    for (LabInt ky = 0; ky < c->kernelHeight; ky++) {
      const float *source = padded + (channel * rows + ky * c->dilationHeight) * row;
      for (LabInt kx = 0; kx < c->kernelWidth; kx++, weights++) {
        for (LabInt u = 0; u < count; u++) {
          sums[u] = load(source + kx * c->dilationWidth + u * lanes) * (Vec)*weights + sums[u];
        }
      }
    }
  }
}

static void thinForward(const LabThinConvolution *c, const float *x, const float *weights, float *y, float *scratch) {
  enum { most = 4 };
  const LabInt taps = c->inputChannels * c->kernelHeight * c->kernelWidth;
  for (LabInt sample = 0; sample < c->samples; sample++) {
    thinPad(c, x + sample * c->inputChannels * c->height * c->width, scratch);
    for (LabInt channel = 0; channel < c->outputChannels; channel++) {
      for (LabInt oy = 0; oy < c->outputHeight; oy++) {
        float *target = y + ((sample * c->outputChannels + channel) * c->outputHeight + oy) * c->outputWidth;
        LabInt ox = 0;
        for (; ox + most * lanes <= c->outputWidth; ox += most * lanes) {
          Vec sums[most];
          thinSpan(c, scratch + oy * thinRow(c) + ox, weights + channel * taps, most, sums);
          for (LabInt u = 0; u < most; u++) store(target + ox + u * lanes, sums[u]);
        }
        for (; ox < c->outputWidth; ox += lanes) {
          Vec sum;
          thinSpan(c, scratch + oy * thinRow(c) + ox, weights + channel * taps, 1, &sum);
          storeFirst(target + ox, smaller(lanes, c->outputWidth - ox), sum);
        }
      }
    }
  }
}

// `count` neighbouring taps of a row of the kernel, over one sample's plane.
LAB_INLINE void thinTaps(const LabThinConvolution *c, const float *padded, const float *upstream, LabInt count,
                         double *dw) {
  Vec sums[4];
  for (LabInt u = 0; u < count; u++) sums[u] = (Vec)0.0f;
  for (LabInt oy = 0; oy < c->outputHeight; oy++) {
    const float *source = padded + oy * thinRow(c), *gradient = upstream + oy * c->outputWidth;
    for (LabInt ox = 0; ox < c->outputWidth; ox += lanes) {
      const Vec g = loadFirst(gradient + ox, smaller(lanes, c->outputWidth - ox));
      for (LabInt u = 0; u < count; u++) sums[u] = load(source + ox + u * c->dilationWidth) * g + sums[u];
    }
  }
  for (LabInt u = 0; u < count; u++) dw[u] += sumOfLanes(sums[u]);
}

static void thinWeightGradient(const LabThinConvolution *c, const float *x, const float *upstream, double *dw,
                               float *scratch) {
  const LabInt rows = thinRows(c), row = thinRow(c), plane = c->outputHeight * c->outputWidth;
  for (LabInt sample = 0; sample < c->samples; sample++) {
    thinPad(c, x + sample * c->inputChannels * c->height * c->width, scratch);
    double *sums = dw;
    for (LabInt output = 0; output < c->outputChannels; output++) {
      const float *gradient = upstream + (sample * c->outputChannels + output) * plane;
      for (LabInt input = 0; input < c->inputChannels; input++) {
        for (LabInt ky = 0; ky < c->kernelHeight; ky++, sums += c->kernelWidth) {
          const float *source = scratch + (input * rows + ky * c->dilationHeight) * row;
          LabInt kx = 0;
          for (; kx + 4 <= c->kernelWidth; kx += 4) {
            thinTaps(c, source + kx * c->dilationWidth, gradient, 4, sums + kx);
          }
          for (; kx < c->kernelWidth; kx++) thinTaps(c, source + kx * c->dilationWidth, gradient, 1, sums + kx);
        }
      }
    }
  }
}
