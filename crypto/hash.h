// SHA-2, HMAC and RFC 9380's expand_message_xmd. Hashes are SHA-512 unless named otherwise
// (cryptography.md, first paragraph). Hashing to scalars and elements is in crypto/group.h.
#pragma once

#include <span>
#include <string_view>

#include "crypto/base/bytes.h"
#include "crypto/base/ids.h"
#include "crypto/base/secret.h"

namespace hedgerow {

ByteArray<32> sha256(ByteView message);
ByteArray<64> sha512(ByteView message);

// Incremental hashing. The state is wiped by finish(), which may be called once, and by the
// destructor. (Sha256 is the name of the 32-byte identifier in crypto/base/ids.h.)
class Sha512 {
 public:
  Sha512();
  ~Sha512();
  Sha512(const Sha512&) = delete;
  Sha512& operator=(const Sha512&) = delete;
  Sha512& update(ByteView bytes);
  ByteArray<64> finish();

 private:
  alignas(64) ByteArray<208> state_;
  bool finished_ = false;
};

class Sha256Stream {
 public:
  Sha256Stream();
  ~Sha256Stream();
  Sha256Stream(const Sha256Stream&) = delete;
  Sha256Stream& operator=(const Sha256Stream&) = delete;
  Sha256Stream& update(ByteView bytes);
  ByteArray<32> finish();

 private:
  alignas(64) ByteArray<104> state_;
  bool finished_ = false;
};

// HMAC-SHA512 (RFC 2104, RFC 4231); keys of any length.
ByteArray<64> hmac_sha512(ByteView key, ByteView message);
// The same into memory of the caller's, for outputs that are secret.
void hmac_sha512_into(ByteView key, ByteView message, std::span<std::uint8_t, 64> out);

// A reference that only the holder of `key` can compute:
// HMAC-SHA512(key, u32 length of domain || domain || message)[:32].
ByteArray<32> keyed_hash(ByteView key, std::string_view domain, ByteView message);
template <class Tag>
ByteArray<32> keyed_hash(const Secret<Tag, 32>& key, std::string_view domain, ByteView message) {
  return keyed_hash(ByteView(key.expose()), domain, message);
}

// RFC 9380 section 5.3.1 with SHA-512. `length` in bytes, at most 255 * 64; a `dst` longer
// than 255 bytes is hashed as section 5.3.3 says; an empty `dst` is our own bug.
Bytes expand_message_xmd_sha512(ByteView message, ByteView dst, std::size_t length);

// An agreement's name: SHA-256 of its exact bytes (formats.md, Agreement).
AgreementHash agreement_hash(ByteView exact_bytes);

// SHA-256 of a message as an identifier.
Sha256 sha256_id(ByteView message);

}  // namespace hedgerow
