#include "node/audit/file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "crypto/base/disk.h"

namespace hedgerow::audit {

namespace {
constexpr std::size_t kBuffer = 1024 * 1024;
}

Result<File> File::open(const std::filesystem::path& path, Mode mode) {
  int flags = O_CLOEXEC;
  switch (mode) {
    case Mode::read:
      flags |= O_RDONLY;
      break;
    case Mode::write:
      flags |= O_RDWR;
      break;
    case Mode::create:
      flags |= O_RDWR | O_CREAT | O_EXCL;
      break;
  }
  const int fd = ::open(path.c_str(), flags, 0600);
  if (fd < 0) {
    if (errno == EEXIST) return configuration(path.string() + " is there already");
    const int reason = errno;
    if (reason == ENOENT || reason == EACCES || reason == EISDIR)
      return configuration("cannot open " + path.string(),
                           reason == EACCES ? disk_error("", reason).hint : "");
    return disk_error("cannot open " + path.string(), reason);
  }
  return File(path, fd);
}

File::~File() {
  if (fd_ >= 0) ::close(fd_);
}

Result<std::uint64_t> File::size() const {
  struct stat status {};
  if (::fstat(fd_, &status) != 0) return internal("cannot read " + path_.string());
  if (!S_ISREG(status.st_mode)) return configuration(path_.string() + " is not a file");
  return static_cast<std::uint64_t>(status.st_size);
}

Result<void> File::lock() {
  if (::flock(fd_, LOCK_EX | LOCK_NB) != 0)
    return configuration(path_.string() + " is in use by another process");
  return {};
}

Result<void> File::read_at(std::uint64_t offset, std::span<std::uint8_t> out) const {
  const DiskGuard guard({DiskAction::read, path_.c_str(), offset, {}});
  if (guard.failure() != 0) return disk_error("cannot read " + path_.string(), guard.failure());
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t n =
        ::pread(fd_, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return disk_error("cannot read " + path_.string(), errno);
    if (n == 0) return bad_input(path_.string() + " is cut off");
    done += static_cast<std::size_t>(n);
  }
  return {};
}

Result<void> File::write_at(std::uint64_t offset, ByteView bytes) {
  const DiskGuard guard({DiskAction::write, path_.c_str(), offset, bytes});
  if (guard.failure() != 0) return disk_error("cannot write " + path_.string(), guard.failure());
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n =
        ::pwrite(fd_, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return disk_error("cannot write " + path_.string(), n == 0 ? ENOSPC : errno);
    done += static_cast<std::size_t>(n);
  }
  return {};
}

Result<void> File::truncate(std::uint64_t size) {
  const DiskGuard guard({DiskAction::truncate, path_.c_str(), size, {}});
  if (guard.failure() != 0) return disk_error("cannot cut " + path_.string(), guard.failure());
  if (::ftruncate(fd_, static_cast<off_t>(size)) != 0)
    return disk_error("cannot cut " + path_.string(), errno);
  return {};
}

Result<void> File::sync_data() {
  const DiskGuard guard({DiskAction::sync, path_.c_str(), 0, {}});
  const std::string what = "cannot make " + path_.string() + " durable";
  if (guard.failure() != 0) return disk_error(what, guard.failure());
  if (::fdatasync(fd_) != 0) return disk_error(what, errno);
  return {};
}

Result<void> sync_folder(const std::filesystem::path& folder) {
  const std::string name = folder.empty() ? "." : folder.string();
  const DiskGuard guard({DiskAction::sync, name.c_str(), 0, {}});
  const std::string what = "cannot make the folder " + name + " durable";
  if (guard.failure() != 0) return disk_error(what, guard.failure());
  const int fd = ::open(name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return disk_error(what, errno);
  const int reason = ::fsync(fd) == 0 ? 0 : errno;
  ::close(fd);
  if (reason != 0) return disk_error(what, reason);
  return {};
}

Result<ByteView> SequentialReader::take(std::size_t n) {
  if (n > left()) return bad_input(file_->path().string() + " is cut off");
  if (buffer_.size() - at_ < n) {
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(at_));
    at_ = 0;
    const std::size_t have = buffer_.size();
    const auto more = static_cast<std::size_t>(
        std::min<std::uint64_t>(std::max(kBuffer, n) - have, left() - have));
    buffer_.resize(have + more);
    HR_TRY(file_->read_at(offset_ + have, std::span(buffer_).subspan(have)));
  }
  const ByteView piece = ByteView(buffer_).subspan(at_, n);
  at_ += n;
  offset_ += n;
  return piece;
}

}  // namespace hedgerow::audit
