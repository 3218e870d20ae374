// All bodies, in the order of their dependence. Headers must be included before the target attribute begins.

// Functions that take or return vectors wider than the registers are inlined, so their calling convention is no matter.
#pragma clang diagnostic ignored "-Wpsabi"

#include "vectors.inc.h"
#include "mathematics.inc.h"
#include "activations.inc.h"
#include "apply.inc.h"
#include "reduce_gradient.inc.h"
#include "planes.inc.h"
#include "layout.inc.h"
#include "windows.inc.h"
#include "elements.inc.h"
#include "strided.inc.h"
#include "reductions.inc.h"
#include "dropout.inc.h"
#include "rows.inc.h"
#include "updates.inc.h"
#include "dynamic.inc.h"
#include "table.inc.h"
