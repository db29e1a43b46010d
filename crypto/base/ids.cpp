#include "crypto/base/ids.h"

#include <algorithm>

namespace hedgerow {

bool is_valid_name(std::string_view text) {
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  };
  return text.size() >= 3 && text.size() <= 64 && std::all_of(text.begin(), text.end(), good) &&
         text.front() != '-' && text.back() != '-';
}

Error not_a_name(std::string_view what) {
  std::string text = "not a valid ";
  text.append(what).append(" name");
  return bad_input(std::move(text), "3 to 64 of a-z, 0-9 and '-', not first or last");
}

std::string to_sha256_name(ByteView hash32) { return "sha256:" + to_hex(hash32); }

Result<ByteArray<32>> parse_sha256_name(std::string_view text) {
  constexpr std::string_view kPrefix = "sha256:";
  if (text.starts_with(kPrefix)) {
    const auto raw = from_hex(text.substr(kPrefix.size()));
    if (raw && raw->size() == 32) {
      ByteArray<32> out{};
      std::copy(raw->begin(), raw->end(), out.begin());
      return out;
    }
  }
  return bad_input("not a hash of the form sha256:<64 hexadecimal digits>");
}

}  // namespace hedgerow
