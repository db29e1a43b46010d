// How the store's sources read rows and refuse what is out of bounds. For node/store only.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "crypto/base/ids.h"
#include "crypto/base/result.h"
#include "node/store/database.h"

namespace hedgerow::store {

// bad_input where `size` is beyond `max`.
Result<void> check_size(std::size_t size, std::size_t max, std::string_view what);
// bad_input where `text` is empty, beyond `max`, or is not plain (plain_text.h).
Result<void> check_line(std::string_view text, std::size_t max, std::string_view what);
// configuration: the store holds what it never stored.
Error altered(std::string_view what);

template <class IdType>
Result<IdType> read_id(const Statement& s, int column) {
  HR_ASSIGN(const auto bytes, s.array<IdType::kSize>(column));
  return IdType{bytes};
}

template <class NameType>
Result<NameType> read_name(const Statement& s, int column) {
  Result<NameType> name = NameType::parse(s.text(column));
  if (!name.ok()) return altered("name");
  return name;
}

// A code of an enum whose values are first to last.
template <class Enum>
Result<Enum> read_code(const Statement& s, int column, Enum first, Enum last) {
  const std::int64_t code = s.integer(column);
  if (code < static_cast<std::int64_t>(first) || code > static_cast<std::int64_t>(last))
    return altered("code");
  return static_cast<Enum>(code);
}

template <class Enum>
std::int64_t code_of(Enum value) {
  return static_cast<std::int64_t>(value);
}

}  // namespace hedgerow::store
