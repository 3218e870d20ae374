// The parts put together.

LAB_INLINE void sampleChannels(const LabImageSampling *s, long channels) {
  const LabImageExtent e = s->extent;
  float *pixels = s->scratch;
  const Places places = placesIn(pixels + (e.height + 3) * pitchOf(e.width), e.width);
  if (s->light) {
    Four sums = 0;
    for (long row = 0; row < e.height; row++) sums = brighten(s, channels, row, sums, pixels);
    finish(s, meanLuminance(s, channels, sums), pixels);
  } else {
    lookUp(s, channels, pixels);
  }
  drawBorder(s, pixels);
  interpolate(s, channels, pixels, places);
}

static void sample(const LabImageSampling *s) {
  // A known number of channels lets the compiler unroll the loops over them.
  switch (s->extent.channels) {
  case 1: sampleChannels(s, 1); break;
  case 3: sampleChannels(s, 3); break;
  default: sampleChannels(s, s->extent.channels); break;
  }
}
