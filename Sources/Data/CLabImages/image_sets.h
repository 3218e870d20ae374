#ifndef LAB_IMAGE_SETS_H
#define LAB_IMAGE_SETS_H

#include "CLabImages.h"

// What each instruction set's translation unit defines.
extern const LabImageKernels labImageKernelsPortable;
#if defined(__x86_64__)
extern const LabImageKernels labImageKernelsAVX2;
#endif

#endif
