import Foundation
import LabCore
import LabData
import LabExchange
import LabGraph
import LabNN
import LabONNX
import LabRecords
import LabReport
import LabServe
import LabStats
import LabStore
import LabStudy
import LabTrain
import LabWorkbench

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The process's exit status for an error, as `sysexits.h` numbers them.
enum ExitStatus: Int32 {
  case someRunsFailed = 1
  case usage = 64
  case badData = 65
  case noInput = 66
  case unavailable = 69
  case internalError = 70
  case inputOutput = 74
  case interrupted = 130

  /// The status of an error of one of the modules; nil for the argument parser's own.
  init?(for error: any Error) {
    switch error {
    case let error as SpecError: self = ExitStatus(error)
    case let error as DataError:
      if case .notFound = error { self = .noInput } else { self = error.isOfMachine ? .inputOutput : .badData }
    case let error as StoreError: self = ExitStatus(error)
    case let error as RunStoreError:
      switch error {
      case .unknownRun, .unknownSweep: self = .noInput
      case .ambiguousRun, .nameTaken: self = .usage
      case .storeGone: self = .inputOutput
      default: self = .internalError
      }
    case let error as ExchangeError:
      switch error {
      case .cell, .content: self = .badData
      case .request: self = .usage
      case .service: self = .unavailable
      }
    case let error as FileError: self = error.code == ENOENT ? .noInput : .inputOutput
    case let error as ReportError: if case .noPredictions = error { self = .noInput } else { self = .usage }
    case is StatisticsError, is PlotError: self = .usage
    case let error as FigureError:
      switch error {
      case .unknownKind, .unknownFormat, .missingData: self = .usage
      case .missingConverter: self = .noInput
      case .failedConversion: self = .inputOutput
      }
    case is ConfigurationError, is GraphError, is ModelError, is TrainingError, is ONNXError: self = .badData
    case let error as CommandError: self = error.status
    case let error as ServeError: self = error.kind == .usage ? .usage : .inputOutput
    case let error as WorkbenchError:
      switch error.kind {
      case .usage: self = .usage
      case .badData: self = .badData
      case .noInput: self = .noInput
      }
    case is ProgramChange: self = .badData
    case is RegistryError: self = .internalError
    case _ where error.isErrorOfMachine: self = .inputOutput
    default: return nil
    }
  }

  private init(_ error: SpecError) {
    switch error {
    case .notFound, .unreadable: self = .noInput
    case .isFolder, .ambiguous, .badFilter, .component, .noParts: self = .usage
    case .invalid: self = .badData
    }
  }

  private init(_ error: StoreError) {
    switch error {
    case .noResults, .noSweeps: self = .noInput
    case .schemaFromFuture, .notResultsDatabase, .unsupportedFile, .foreignFile, .invalidTensor, .misfit,
      .copyWithoutLog, .logWithoutDatabase:
      self = .badData
    case .busy: self = .usage
    case .damagedDatabase, .locked, .diskFull, .readOnly, .database, .damagedFile, .hdf5: self = .inputOutput
    }
  }
}

/// A failure of a command itself, in one sentence.
struct CommandError: Error, CustomStringConvertible {
  var description: String
  var status: ExitStatus

  init(_ description: String, status: ExitStatus = .usage) {
    self.description = description
    self.status = status
  }
}

/// The C library's functions whose names Swift's own would shadow.
enum Darwinized {
  /// Ends the process.
  static func exit(_ status: Int32) -> Never {
    #if canImport(Glibc)
      Glibc.exit(status)
    #else
      Darwin.exit(status)
    #endif
  }
}
