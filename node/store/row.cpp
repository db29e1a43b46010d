#include "node/store/row.h"

namespace hedgerow::store {

Result<void> check_size(std::size_t size, std::size_t max, std::string_view what) {
  if (size <= max) return {};
  std::string text(what);
  text.append(" is too large for the store");
  return bad_input(std::move(text));
}

Error altered(std::string_view what) {
  return configuration("the store holds an impossible " + std::string(what),
                       "it was altered or damaged; restore the node from a backup");
}

}  // namespace hedgerow::store
