// Key files: who may read them, and that they last.
#pragma once

#include <filesystem>
#include <string_view>

#include "crypto/base/bytes.h"
#include "crypto/base/secret.h"

namespace hedgerow::keys {

// Who must be able to read a file of keys besides its owner: nobody, or (a certificate) anybody.
enum class Readers { owner, anybody };

// The folder, 0700, with its parents. Not an error where it exists.
Result<void> make_private_folder(const std::filesystem::path& folder);

// Writes a file that must not exist yet (O_EXCL), 0400 or 0444, and makes it and its folder
// durable. Errors: usage: it exists; configuration: it cannot be written.
Result<void> write_new_file(const std::filesystem::path& path, ByteView bytes, Readers readers);

// The same by way of a rename: also over an older file of that name.
Result<void> replace_file(const std::filesystem::path& path, ByteView bytes, Readers readers);

// The whole of a secret file. Errors configuration, naming the file: missing, not a plain file, of
// another owner, readable by group or others, or longer than `max_size`.
Result<SecretBytes> read_private_file(const std::filesystem::path& path, std::size_t max_size);

// The same for what is handed over by the system with an owner and group of its choice: only
// others must be kept out.
Result<SecretBytes> read_handed_over_file(const std::filesystem::path& path, std::size_t max_size);

// The whole of a public file. Errors: as above, but anybody may own and read it.
Result<Bytes> read_public_file(const std::filesystem::path& path, std::size_t max_size);

// A folder of the caller's own, closed to group and others. Error configuration, naming it.
Result<void> check_private_folder(const std::filesystem::path& folder);

Result<void> sync_folder(const std::filesystem::path& folder);

}  // namespace hedgerow::keys
