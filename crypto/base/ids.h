// Names that must not be mixed up, each a type of its own.
#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "crypto/base/bytes.h"

namespace hedgerow {

// A lower-case name, [a-z0-9-]{3,64}, that does not begin or end with '-'.
template <class Tag>
class Name {
 public:
  Name() = default;  // empty: no name
  static Result<Name> parse(std::string_view text);
  const std::string& str() const { return s_; }
  bool empty() const { return s_.empty(); }
  friend auto operator<=>(const Name&, const Name&) = default;

 private:
  explicit Name(std::string_view s) : s_(s) {}
  std::string s_;
};

bool is_valid_name(std::string_view text);
Error not_a_name(std::string_view what);  // bad_input

template <class Tag>
Result<Name<Tag>> Name<Tag>::parse(std::string_view text) {
  if (!is_valid_name(text)) return not_a_name(Tag::kWhat);
  return Name(text);
}

struct PartyTag {
  static constexpr const char* kWhat = "party";
};
struct LineageTag {
  static constexpr const char* kWhat = "agreement";
};
using PartyId = Name<PartyTag>;
using Lineage = Name<LineageTag>;

// N public bytes with a meaning.
template <class Tag, std::size_t N>
struct Id {
  static constexpr std::size_t kSize = N;
  ByteArray<N> bytes{};
  ByteView view() const { return {bytes.data(), N}; }
  std::string hex() const { return to_hex(view()); }
  static Result<Id> from(ByteView v) {
    if (v.size() != N) return bad_input("an identifier of the wrong length");
    Id id;
    for (std::size_t i = 0; i < N; ++i) id.bytes[i] = v[i];
    return id;
  }
  bool is_zero() const {
    for (auto b : bytes)
      if (b != 0) return false;
    return true;
  }
  friend auto operator<=>(const Id&, const Id&) = default;
};

using SessionId = Id<struct SessionTag, 16>;  // one run of one protocol; random
using KeyId = Id<struct KeyTag, 16>;  // SHA-256("hedgerow/v1/key" || lineage || session)[:16]
using AgreementHash = Id<struct AgreementTag, 32>;  // SHA-256 of the agreement's exact bytes
using Sha256 = Id<struct Sha256Tag, 32>;            // any other SHA-256
using Hash64 = Id<struct Hash64Tag, 64>;            // SHA-512

// "sha256:<hex>", as agreements write a hash.
std::string to_sha256_name(ByteView hash32);
Result<ByteArray<32>> parse_sha256_name(std::string_view text);

}  // namespace hedgerow
