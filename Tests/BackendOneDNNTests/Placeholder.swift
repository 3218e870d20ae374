import BackendOneDNN
import Testing
