// SQLite's files by way of crypto/base/disk.h: SQLite's own way to the disk, each operation in a
// DiskGuard. For node/store only.
#pragma once

#include <cstdint>

namespace hedgerow::store {

// The name under which sqlite3_open_v2 finds it; registered at the first call. Null where SQLite
// does not take it (out of memory).
const char* guarded_vfs();

// Reads by way of it so far, of all files of the process.
std::uint64_t reads_from_disk();

}  // namespace hedgerow::store
