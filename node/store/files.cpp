#include "node/store/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>

#include "crypto/base/disk.h"

namespace hedgerow::store {

namespace fs = std::filesystem;

Result<void> make_private_folder(const fs::path& folder) {
  std::error_code failed;
  if (fs::is_directory(folder, failed)) return {};
  if (::mkdir(folder.c_str(), 0700) != 0)
    return disk_error("cannot make the folder " + folder.string(), errno);
  return {};
}

namespace {

// 0, or the errno.
int write_whole(int fd, const fs::path& path, ByteView bytes, bool durable) {
  {
    const DiskGuard guard({DiskAction::write, path.c_str(), 0, bytes});
    if (guard.failure() != 0) return guard.failure();
    while (!bytes.empty()) {
      const ssize_t n = ::write(fd, bytes.data(), bytes.size());
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return n == 0 ? ENOSPC : errno;
      bytes = bytes.subspan(static_cast<std::size_t>(n));
    }
  }
  if (!durable) return 0;
  const DiskGuard guard({DiskAction::sync, path.c_str(), 0, {}});
  if (guard.failure() != 0) return guard.failure();
  return ::fsync(fd) == 0 ? 0 : errno;
}

}  // namespace

Result<void> write_private_file(const fs::path& path, ByteView bytes, bool durable) {
  const std::string what = "cannot write " + path.string();
  fs::path fresh = path;
  fresh += ".new";
  const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return disk_error(what, errno);
  int reason = write_whole(fd, fresh, bytes, durable);
  if (::close(fd) != 0 && reason == 0) reason = errno;
  if (reason == 0 && ::rename(fresh.c_str(), path.c_str()) != 0) reason = errno;
  if (reason != 0) return disk_error(what, reason);
  if (durable) return sync_path(path.parent_path());
  return {};
}

Result<Bytes> read_small_file(const fs::path& path, std::size_t max) {
  std::ifstream file(path, std::ios::binary);
  constexpr const char* kHint = "put back the newest copy of the whole state folder";
  if (!file) return configuration("cannot read " + path.string(), kHint);
  Bytes bytes(max + 1);
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  const auto size = static_cast<std::size_t>(file.gcount());
  if (file.bad() || size > max)
    return configuration(path.string() + " is not what it should be", kHint);
  bytes.resize(size);
  return bytes;
}

Result<void> sync_path(const fs::path& path) {
  const std::string name = path.empty() ? "." : path.string();
  const std::string what = "cannot make " + name + " durable";
  const DiskGuard guard({DiskAction::sync, name.c_str(), 0, {}});
  if (guard.failure() != 0) return disk_error(what, guard.failure());
  const int fd = ::open(name.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return disk_error(what, errno);
  const int reason = ::fsync(fd) == 0 ? 0 : errno;
  ::close(fd);
  if (reason != 0) return disk_error(what, reason);
  return {};
}

void remove_database_files(const fs::path& path) {
  std::error_code ignored;
  for (const char* suffix : {"", "-journal", "-wal", "-shm"}) {
    fs::path file = path;
    file += suffix;
    fs::remove(file, ignored);
  }
}

}  // namespace hedgerow::store
