#include "node/store/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

namespace hedgerow::store {

namespace fs = std::filesystem;

Result<void> make_private_folder(const fs::path& folder) {
  std::error_code failed;
  if (fs::is_directory(folder, failed)) return {};
  if (::mkdir(folder.c_str(), 0700) != 0)
    return configuration("cannot make the folder " + folder.string());
  return {};
}

Result<void> write_private_file(const fs::path& path, ByteView bytes, bool durable) {
  fs::path fresh = path;
  fresh += ".new";
  const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return configuration("cannot write " + path.string());
  std::size_t written = 0;
  bool good = true;
  while (good && written < bytes.size()) {
    const ssize_t n = ::write(fd, bytes.data() + written, bytes.size() - written);
    if (n < 0 && errno == EINTR) continue;
    good = n > 0;
    if (good) written += static_cast<std::size_t>(n);
  }
  if (good && durable) good = ::fsync(fd) == 0;
  if (::close(fd) != 0) good = false;
  if (!good || ::rename(fresh.c_str(), path.c_str()) != 0)
    return internal("cannot write " + path.string());
  if (durable) return sync_path(path.parent_path());
  return {};
}

Result<Bytes> read_small_file(const fs::path& path, std::size_t max) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return configuration("cannot read " + path.string());
  Bytes bytes(max + 1);
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  const auto size = static_cast<std::size_t>(file.gcount());
  if (file.bad() || size > max) return configuration(path.string() + " is not what it should be");
  bytes.resize(size);
  return bytes;
}

Result<void> sync_path(const fs::path& path) {
  const int fd = ::open(path.empty() ? "." : path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return internal("cannot open " + path.string() + " to make it durable");
  const bool synced = ::fsync(fd) == 0;
  ::close(fd);
  if (!synced) return internal("cannot make " + path.string() + " durable");
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
