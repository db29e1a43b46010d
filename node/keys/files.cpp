#include "node/keys/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "crypto/base/disk.h"

namespace hedgerow::keys {

namespace {

namespace fs = std::filesystem;

std::string last_error() { return std::error_code(errno, std::generic_category()).message(); }

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }

 private:
  int fd_;
};

Error cannot(std::string_view what, const fs::path& path) {
  const int reason = errno;
  Error error =
      configuration("cannot " + std::string(what) + " " + path.string() + ": " + last_error());
  // A name that was mistyped is its writer's affair; a disk that fails is the operator's.
  if (reason == EACCES || reason == EPERM)
    error.hint = "run this as the user that owns it";
  else if (reason != ENOENT && reason != ENOTDIR && reason != EISDIR && reason != ELOOP &&
           reason != ENAMETOOLONG)
    error.hint = disk_error("", reason).hint;
  return error;
}

mode_t mode_for(Readers readers) { return readers == Readers::owner ? 0400 : 0444; }

Result<void> write_all(int fd, ByteView bytes, const fs::path& path) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return cannot("write", path);
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

// The file alone; its folder is synced by the callers.
Result<void> write_exclusively(const fs::path& path, ByteView bytes, Readers readers) {
  const Descriptor fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
                             mode_for(readers)));
  if (!fd.valid() && errno == EEXIST)
    return Error{Code::usage,
                 path.string() + " exists already",
                 {},
                 "nothing is overwritten: move it away, or give another place"};
  if (!fd.valid()) return cannot("make", path);
  auto written = write_all(fd.get(), bytes, path);
  if (written.ok() && (::fchmod(fd.get(), mode_for(readers)) != 0 || ::fsync(fd.get()) != 0))
    written = cannot("write", path);
  // Half a key file would block the next attempt and serve nobody.
  if (!written.ok()) ::unlink(path.c_str());
  return written;
}

enum class Guard { owner_only, others_kept_out, none };

Result<void> check_guard(const struct stat& st, Guard guard, const fs::path& path) {
  if (!S_ISREG(st.st_mode))
    return configuration(
        path.string() + (S_ISDIR(st.st_mode) ? " is a folder, not a file" : " is not a plain file"),
        guard == Guard::none ? "" : "put the file back from a backup");
  if (guard == Guard::none) return {};
  if (guard == Guard::owner_only && st.st_uid != ::geteuid())
    return configuration(path.string() + " belongs to another user",
                         "run this as the user that owns it");
  const mode_t closed = guard == Guard::owner_only ? 077 : 07;
  if ((st.st_mode & closed) != 0)
    return configuration(path.string() + " is open to other users",
                         "chmod 0400 it; if others could read it, make new keys");
  return {};
}

// Calls `make(size)` for the space once the size is known and allowed.
template <class Make>
Result<void> read_file(const fs::path& path, std::size_t max_size, Guard guard, Make make) {
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.valid()) return cannot("read", path);
  struct stat st {};
  if (::fstat(fd.get(), &st) != 0) return cannot("read", path);
  HR_TRY(check_guard(st, guard, path));
  const auto size = static_cast<std::size_t>(st.st_size);
  if (size > max_size)
    return configuration(path.string() + " is larger than " + std::to_string(max_size) + " bytes",
                         "is it the file it should be?");
  std::span<std::uint8_t> space = make(size);
  while (!space.empty()) {
    const ssize_t n = ::read(fd.get(), space.data(), space.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return cannot("read", path);
    if (n == 0) return configuration(path.string() + " became shorter while it was read");
    space = space.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

Result<SecretBytes> read_secret(const fs::path& path, std::size_t max_size, Guard guard) {
  SecretBytes bytes;
  HR_TRY(read_file(path, max_size, guard, [&](std::size_t size) {
    bytes = SecretBytes(size);
    return bytes.writable();
  }));
  return bytes;
}

fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

}  // namespace

Result<void> make_private_folder(const fs::path& folder) {
  std::error_code error;
  if (fs::is_directory(folder, error)) return {};
  const fs::path clean = folder.has_filename() ? folder : folder.parent_path();
  const fs::path parent = folder_of(clean);
  if (!parent.empty() && parent != clean) HR_TRY(make_private_folder(parent));
  if (::mkdir(clean.c_str(), 0700) != 0 && errno != EEXIST) return cannot("make", clean);
  return sync_folder(parent);
}

Result<void> write_new_file(const fs::path& path, ByteView bytes, Readers readers) {
  HR_TRY(write_exclusively(path, bytes, readers));
  return sync_folder(folder_of(path));
}

Result<void> replace_file(const fs::path& path, ByteView bytes, Readers readers) {
  fs::path beside = path;
  beside += ".new";
  // What a crash left behind; nothing else has that name.
  if (::unlink(beside.c_str()) != 0 && errno != ENOENT) return cannot("remove", beside);
  HR_TRY(write_exclusively(beside, bytes, readers));
  if (::rename(beside.c_str(), path.c_str()) != 0) return cannot("replace", path);
  return sync_folder(folder_of(path));
}

Result<SecretBytes> read_private_file(const fs::path& path, std::size_t max_size) {
  return read_secret(path, max_size, Guard::owner_only);
}

Result<SecretBytes> read_handed_over_file(const fs::path& path, std::size_t max_size) {
  return read_secret(path, max_size, Guard::others_kept_out);
}

Result<Bytes> read_public_file(const fs::path& path, std::size_t max_size) {
  Bytes bytes;
  HR_TRY(read_file(path, max_size, Guard::none, [&](std::size_t size) {
    bytes.resize(size);
    return std::span<std::uint8_t>(bytes);
  }));
  return bytes;
}

Result<void> check_private_folder(const fs::path& folder) {
  struct stat st {};
  if (::stat(folder.c_str(), &st) != 0) return cannot("read", folder);
  if (!S_ISDIR(st.st_mode)) return configuration(folder.string() + " is not a folder");
  if (st.st_uid != ::geteuid())
    return configuration(folder.string() + " belongs to another user",
                         "run this as the user that owns it");
  if ((st.st_mode & 077) != 0)
    return configuration(folder.string() + " is open to other users", "chmod 0700 it");
  return {};
}

Result<void> sync_folder(const fs::path& folder) {
  const Descriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid() || ::fsync(fd.get()) != 0) return cannot("sync", folder);
  return {};
}

}  // namespace hedgerow::keys
