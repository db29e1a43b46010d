#include "node/cli/files.h"

#include <cerrno>
#include <cstring>
#include <fstream>

namespace hedgerow::cli {

Result<Bytes> read_small_file(const std::filesystem::path& file, std::size_t max) {
  std::error_code ec;
  const auto status = std::filesystem::status(file, ec);
  if (status.type() == std::filesystem::file_type::not_found)
    return bad_input(file.string() + ": no such file");
  if (ec) return bad_input(file.string() + ": " + ec.message());
  if (!std::filesystem::is_regular_file(status))
    return bad_input(file.string() + ": not a regular file");
  const auto size = std::filesystem::file_size(file, ec);
  if (ec || size > max)
    return bad_input(file.string() + ": larger than " + std::to_string(max) + " bytes");
  errno = 0;
  std::ifstream in(file, std::ios::binary);
  if (!in) return bad_input(file.string() + ": cannot be read: " + std::strerror(errno));
  Bytes bytes(static_cast<std::size_t>(size));
  in.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (!in) return bad_input(file.string() + ": cannot be read");
  return bytes;
}

}  // namespace hedgerow::cli
