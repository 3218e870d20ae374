#ifndef LAB_INSTRUCTION_SETS_H
#define LAB_INSTRUCTION_SETS_H

#include "CLabKernels.h"
#include "CLabWinograd.h"

// What each instruction set's translation unit defines.
typedef struct {
  const LabKernels *kernels;
  const LabWinograd *winograd;
  double (*multiplyAddChains)(LabInt iterations, float *result);
} LabInstructionSet;

extern const LabInstructionSet labInstructionSetPortable;
#if defined(__x86_64__)
extern const LabInstructionSet labInstructionSetAVX2;
extern const LabInstructionSet labInstructionSetAVX512;
#endif

#endif
