#include "node/import/reference.h"

#include <algorithm>

#include "node/import/csv_line.h"
#include "node/import/nhs_number.h"

namespace hedgerow::import {

Result<ByteArray<32>> child_key_by_hand(const ReferenceKey& key, ByteView text) {
  if (!text.empty() && text.back() == '\n') text = text.first(text.size() - 1);
  if (!text.empty() && text.back() == '\r') text = text.first(text.size() - 1);
  if (std::ranges::find(text, '\n') != text.end())
    return bad_input("a child's reference is one line", "one decision is about one reference");
  if (std::ranges::all_of(text, [](std::uint8_t c) { return c == ' ' || c == '\t'; }))
    return bad_input("the child's reference is empty");
  if (text.size() > kMaxReference)
    return bad_input("the child's reference is longer than " + std::to_string(kMaxReference) +
                     " bytes");
  // As a cell of a file may have it: a tab, but no other control character.
  if (!is_utf8(text) || has_control_character(text))
    return bad_input("the child's reference is not plain text in UTF-8");
  if (looks_like_nhs_number(text))
    return bad_input("the child's reference is an NHS number",
                     "give your agency's own reference of the child, as in its records");
  return child_key(key, text);
}

}  // namespace hedgerow::import
