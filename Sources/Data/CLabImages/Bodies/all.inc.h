// All bodies, in the order of their dependence. Each instruction set's translation unit defines LAB_LANES, 4 or 8, and
// includes them under its target attribute.

// Functions that take or return vectors wider than the registers are inlined, so their calling convention is no matter.
#pragma clang diagnostic ignored "-Wpsabi"
// A fused multiplication and addition rounds once instead of twice, so that results would depend on the machine.
#pragma clang fp contract(off)

#include "vectors.inc.h"
#include "pixels.inc.h"
#include "places.inc.h"
#include "interpolation.inc.h"
#include "sampling.inc.h"
