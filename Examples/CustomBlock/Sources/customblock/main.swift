import LabCommandLine
import LabNN
import LabRecords
import LabZoo

Labrun.main {
  try ConvolutionFamily.registry.add(FactorizedConvolution())
  try LossFamily.registry.add(PolyLoss())
  try MetricCatalog.registry.add(.errorRate)
}
