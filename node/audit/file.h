// A file descriptor that reads and writes whole pieces at given places. For node/audit only.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <utility>

#include "crypto/base/bytes.h"
#include "crypto/base/result.h"

namespace hedgerow::audit {

class File {
 public:
  enum class Mode { read, write, create };  // write: an existing one; create: a new one, 0600

  static Result<File> open(const std::filesystem::path& path, Mode mode);
  File(File&& o) noexcept : path_(std::move(o.path_)), fd_(std::exchange(o.fd_, -1)) {}
  File& operator=(File&&) = delete;
  ~File();

  const std::filesystem::path& path() const { return path_; }
  Result<std::uint64_t> size() const;
  Result<void> lock();  // configuration where another process has it
  // Fills `out` from `offset`; bad_input where the file ends before.
  Result<void> read_at(std::uint64_t offset, std::span<std::uint8_t> out) const;
  Result<void> write_at(std::uint64_t offset, ByteView bytes);
  Result<void> truncate(std::uint64_t size);
  Result<void> sync_data();

 private:
  File(std::filesystem::path path, int fd) : path_(std::move(path)), fd_(fd) {}
  std::filesystem::path path_;
  int fd_;
};

// Makes what was created or renamed in the folder durable.
Result<void> sync_folder(const std::filesystem::path& folder);

// Reads a file from beginning to end through one buffer.
class SequentialReader {
 public:
  explicit SequentialReader(const File& file, std::uint64_t size) : file_(&file), size_(size) {}

  std::uint64_t offset() const { return offset_; }
  std::uint64_t left() const { return size_ - offset_; }
  // The next `n` bytes, valid until the next call; bad_input where fewer are left.
  Result<ByteView> take(std::size_t n);

 private:
  const File* file_;
  std::uint64_t size_;
  std::uint64_t offset_ = 0;  // of what is taken next
  Bytes buffer_;
  std::size_t at_ = 0;  // what is taken next within the buffer
};

}  // namespace hedgerow::audit
