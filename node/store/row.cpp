#include "node/store/row.h"

#include "crypto/base/plain_text.h"

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
  if (!is_plain_text(text))
    return bad_input(subject + " has a control character, or is not UTF-8",
                     "write it in one line of plain text");
  return {};
}

Error altered(std::string_view what) {
  return configuration("the store holds an impossible " + std::string(what),
                       "it was altered or damaged; restore the node from a backup");
}

}  // namespace hedgerow::store
