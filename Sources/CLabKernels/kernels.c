#include "CLabKernels.h"
