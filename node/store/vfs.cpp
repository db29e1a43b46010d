#include "node/store/vfs.h"

#include <sqlite3.h>

#include <atomic>
#include <cerrno>
#include <cstddef>

#include "crypto/base/disk.h"

namespace hedgerow::store {

namespace {

constexpr const char* kName = "hedgerow";

// SQLite allocates szOsFile bytes, aligned to eight: this, then the system's own file behind it.
struct GuardedFile {
  sqlite3_file base;
  const char* path;  // SQLite keeps it as long as the file is open
};
static_assert(alignof(GuardedFile) <= 8 && sizeof(GuardedFile) % 8 == 0);

sqlite3_file* real(sqlite3_file* file) {
  return reinterpret_cast<sqlite3_file*>(reinterpret_cast<GuardedFile*>(file) + 1);
}

sqlite3_vfs* system_vfs(sqlite3_vfs* vfs) { return static_cast<sqlite3_vfs*>(vfs->pAppData); }

DiskOperation operation(sqlite3_file* file, DiskAction action, sqlite3_int64 offset,
                        ByteView bytes = {}) {
  const char* path = reinterpret_cast<GuardedFile*>(file)->path;
  return {action, path == nullptr ? "a temporary file" : path, static_cast<std::uint64_t>(offset),
          bytes};
}

// SQLite asks the system for errno where it reports an error.
int failed(const DiskGuard& guard, int code) {
  errno = guard.failure();
  return guard.failure() == ENOSPC ? SQLITE_FULL : code;
}

int close_file(sqlite3_file* file) { return real(file)->pMethods->xClose(real(file)); }

std::atomic<std::uint64_t> g_reads = 0;

int read_file(sqlite3_file* file, void* to, int size, sqlite3_int64 offset) {
  g_reads.fetch_add(1, std::memory_order_relaxed);
  const DiskGuard guard(operation(file, DiskAction::read, offset));
  if (guard.failure() != 0) return failed(guard, SQLITE_IOERR_READ);
  return real(file)->pMethods->xRead(real(file), to, size, offset);
}

int write_file(sqlite3_file* file, const void* from, int size, sqlite3_int64 offset) {
  const DiskGuard guard(
      operation(file, DiskAction::write, offset,
                ByteView(static_cast<const std::uint8_t*>(from), static_cast<std::size_t>(size))));
  if (guard.failure() != 0) return failed(guard, SQLITE_IOERR_WRITE);
  return real(file)->pMethods->xWrite(real(file), from, size, offset);
}

int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
  const DiskGuard guard(operation(file, DiskAction::truncate, size));
  if (guard.failure() != 0) return failed(guard, SQLITE_IOERR_TRUNCATE);
  return real(file)->pMethods->xTruncate(real(file), size);
}

int sync_file(sqlite3_file* file, int flags) {
  const DiskGuard guard(operation(file, DiskAction::sync, 0));
  if (guard.failure() != 0) return failed(guard, SQLITE_IOERR_FSYNC);
  return real(file)->pMethods->xSync(real(file), flags);
}

int file_size(sqlite3_file* file, sqlite3_int64* size) {
  return real(file)->pMethods->xFileSize(real(file), size);
}
int lock_file(sqlite3_file* file, int level) {
  return real(file)->pMethods->xLock(real(file), level);
}
int unlock_file(sqlite3_file* file, int level) {
  return real(file)->pMethods->xUnlock(real(file), level);
}
int check_lock(sqlite3_file* file, int* taken) {
  return real(file)->pMethods->xCheckReservedLock(real(file), taken);
}
int file_control(sqlite3_file* file, int op, void* argument) {
  return real(file)->pMethods->xFileControl(real(file), op, argument);
}
int sector_size(sqlite3_file* file) { return real(file)->pMethods->xSectorSize(real(file)); }
int characteristics(sqlite3_file* file) {
  return real(file)->pMethods->xDeviceCharacteristics(real(file));
}

// Version 1: no shared memory and no mapped pages, which the store does not use
// (locking_mode = EXCLUSIVE, mmap_size = 0).
constexpr sqlite3_io_methods kMethods = {
    1,         close_file,  read_file,  write_file,   truncate_file, sync_file,       file_size,
    lock_file, unlock_file, check_lock, file_control, sector_size,   characteristics, nullptr,
    nullptr,   nullptr,     nullptr,    nullptr,      nullptr};

int open_file(sqlite3_vfs* vfs, sqlite3_filename name, sqlite3_file* file, int flags, int* out) {
  auto* guarded = reinterpret_cast<GuardedFile*>(file);
  guarded->base.pMethods = nullptr;
  guarded->path = name;
  const DiskGuard guard(operation(file, DiskAction::open, 0));
  if (guard.failure() != 0) return failed(guard, SQLITE_CANTOPEN);
  const int code = system_vfs(vfs)->xOpen(system_vfs(vfs), name, real(file), flags, out);
  // SQLite closes what has methods, opened or not.
  if (real(file)->pMethods != nullptr) guarded->base.pMethods = &kMethods;
  return code;
}

int delete_file(sqlite3_vfs* vfs, const char* name, int sync_folder) {
  const DiskGuard guard({DiskAction::truncate, name, 0, {}});
  if (guard.failure() != 0) return failed(guard, SQLITE_IOERR_DELETE);
  return system_vfs(vfs)->xDelete(system_vfs(vfs), name, sync_folder);
}

}  // namespace

std::uint64_t reads_from_disk() { return g_reads.load(std::memory_order_relaxed); }

const char* guarded_vfs() {
  static sqlite3_vfs vfs{};
  static const int registered = [] {
    sqlite3_vfs* system = sqlite3_vfs_find(nullptr);
    if (system == nullptr) return SQLITE_ERROR;
    vfs = *system;  // what is not named here is the system's
    vfs.szOsFile = static_cast<int>(sizeof(GuardedFile)) + system->szOsFile;
    vfs.pNext = nullptr;
    vfs.zName = kName;
    vfs.pAppData = system;
    vfs.xOpen = open_file;
    vfs.xDelete = delete_file;
    return sqlite3_vfs_register(&vfs, 0);
  }();
  return registered == SQLITE_OK ? kName : nullptr;
}

}  // namespace hedgerow::store
