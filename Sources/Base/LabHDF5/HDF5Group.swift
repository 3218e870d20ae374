/// An open group.
package typealias HDF5Group = HDF5Opened<HDF5GroupKind>

/// What makes an open object a group.
package enum HDF5GroupKind: HDF5Kind { package static let noun = "group" }

extension HDF5Group: HDF5Location {}
