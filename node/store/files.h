// The few things the store does to files of its own. For node/store only.
#pragma once

#include <filesystem>

#include "crypto/base/bytes.h"
#include "crypto/base/result.h"

namespace hedgerow::store {

// Makes the folder, 0700, where it is not there yet.
Result<void> make_private_folder(const std::filesystem::path& folder);

// Durable when it returns: the file, 0600, with these bytes, or what was there before.
Result<void> write_private_file(const std::filesystem::path& path, ByteView bytes, bool durable);

// The whole file; configuration where it is missing or longer than `max`.
Result<Bytes> read_small_file(const std::filesystem::path& path, std::size_t max);

// fsync of a file, or of a folder after a rename in it.
Result<void> sync_path(const std::filesystem::path& path);

// A database file with its -journal, -wal and -shm; nothing happens where there is none.
void remove_database_files(const std::filesystem::path& path);

}  // namespace hedgerow::store
