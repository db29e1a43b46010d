#include "node/gateway/curve_key.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "crypto/base/wiping.h"
#include "node/ipc/socket.h"

namespace hedgerow::gateway {
namespace {

constexpr std::size_t kHexKey = 64;
constexpr std::size_t kFileSize = 2 * (kHexKey + 1);

std::optional<std::uint8_t> digit(std::uint8_t c) {
  if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<std::uint8_t>(c - 'a' + 10);
  return std::nullopt;
}

// from_hex would leave a copy in memory that is not wiped.
bool read_hex(ByteView hex, std::span<std::uint8_t> out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto high = digit(hex[2 * i]);
    const auto low = digit(hex[2 * i + 1]);
    if (!high || !low) return false;
    out[i] = static_cast<std::uint8_t>(*high << 4 | *low);
  }
  return true;
}

bool fits(const CurvePair& pair) {
  char secret[41];
  char derived[41];
  ByteArray<32> key{};
  const bool ok = zmq_z85_encode(secret, pair.secret.expose().data(), 32) != nullptr &&
                  zmq_curve_public(derived, secret) == 0 &&
                  zmq_z85_decode(key.data(), derived) != nullptr;
  wipe({reinterpret_cast<std::uint8_t*>(secret), sizeof secret});
  return ok && key == pair.own.bytes;
}

}  // namespace

Result<CurvePair> read_curve_key(const std::string& path) {
  const ipc::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd.valid())
    return configuration("cannot open " + path + ": " + std::strerror(errno),
                         "`hedgerow agency request` makes a node's keys; --home names its folder");
  struct stat st {};
  if (::fstat(fd.get(), &st) != 0 || !S_ISREG(st.st_mode))
    return configuration(path + " is not a file");
  if ((st.st_uid != ::geteuid() && st.st_uid != 0) || (st.st_mode & 0077) != 0)
    return configuration("others may read " + path, "chmod 0400 it, and make new keys");

  WipingBytes text(kFileSize + 1);
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t n = ::read(fd.get(), text.data() + size, text.size() - size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return configuration("cannot read " + path + ": " + std::strerror(errno));
    if (n == 0) break;
    size += static_cast<std::size_t>(n);
  }
  // The last line's end may be missing.
  if (size == kFileSize - 1) text[size++] = '\n';
  const ByteView all(text.data(), text.size());
  CurvePair pair;
  if (size != kFileSize || all[kHexKey] != '\n' || all[kFileSize - 1] != '\n' ||
      !read_hex(all.first(kHexKey), pair.own.bytes) ||
      !read_hex(all.subspan(kHexKey + 1, kHexKey), pair.secret.writable()))
    return configuration(path + " is not two lines of 64 hexadecimal digits");
  if (!fits(pair)) return configuration(path + ": the public key is not the secret key's");
  return pair;
}

}  // namespace hedgerow::gateway
