#include "node/store/row.h"

namespace hedgerow::store {

Result<void> check_size(std::size_t size, std::size_t max, std::string_view what) {
  if (size <= max) return {};
  std::string text(what);
  text.append(" is too large for the store");
  return bad_input(std::move(text));
}

Result<void> check_line(std::string_view text, std::size_t max, std::string_view what) {
  const std::string subject(what);
  if (text.empty()) return bad_input(subject + " is empty");
  if (text.size() > max)
    return bad_input(subject + " is longer than " + std::to_string(max) + " bytes");
  unsigned before = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool c1 = before == 0xc2 && byte >= 0x80 && byte < 0xa0;  // U+0080 to U+009F in UTF-8
    if (byte < 0x20 || byte == 0x7f || c1)
      return bad_input(subject + " has a control character", "write it in one line of plain text");
    before = byte;
  }
  return {};
}

Error altered(std::string_view what) {
  return configuration("the store holds an impossible " + std::string(what),
                       "it was altered or damaged; restore the node from a backup");
}

}  // namespace hedgerow::store
