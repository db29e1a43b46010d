#include "crypto/trace_record.h"

#include <algorithm>

#include "crypto/base/plain_text.h"
#include "crypto/domains.h"
#include "crypto/hash.h"

namespace hedgerow {

namespace {

constexpr std::size_t kPlaintextSize = kTraceRecordSize - kTraceTagSize - kAeadTagSize;
constexpr std::size_t kContactLengthSize = 2;
static_assert(kPlaintextSize == kMaxTraceContact + kContactLengthSize);

}  // namespace

Element trace_point(const Lineage& lineage, const PartyId& responder, std::int32_t day,
                    const Pseudonym& child) {
  Writer w;
  w.text(lineage.str()).text(responder.str()).u32(static_cast<std::uint32_t>(day));
  // Of its full size from the start: a buffer that grows leaves copies behind.
  Bytes message(w.data().size() + Pseudonym::kSize);
  const WipeOnExit wipe_message(message);
  std::ranges::copy(child.expose(), std::ranges::copy(w.data(), message.begin()).out);
  return map_to_group(message, as_bytes(kDomainMapTrace));
}

// Piece by piece: neither T nor dT is left in a buffer.
TraceKeys trace_keys(const Element& point, const Element& evaluated) {
  Sha512 h;
  const auto field = [&h](ByteView bytes) {
    Writer length;
    length.u32(static_cast<std::uint32_t>(bytes.size()));
    h.update(length.data()).update(bytes);
  };
  field(as_bytes(kDomainTraceRecord));
  field(point.bytes());
  field(evaluated.bytes());
  ByteArray<64> hash = h.finish();
  TraceKeys keys;
  std::copy_n(hash.begin(), kTraceTagSize, keys.tag.begin());
  std::copy_n(hash.begin() + kTraceTagSize, AeadKey::kSize, keys.key.writable().begin());
  wipe(hash);
  return keys;
}

TraceRecord seal_trace_record(const TraceKeys& keys, std::string_view contact) {
  HR_CHECK(contact.size() <= kMaxTraceContact);
  Writer w;
  w.u16(static_cast<std::uint16_t>(contact.size())).raw(as_bytes(contact));
  Bytes plaintext = std::move(w).take();
  plaintext.resize(kPlaintextSize);
  const Bytes sealed = aead_encrypt_once(keys.key, plaintext);
  TraceRecord record{};
  std::ranges::copy(sealed, std::ranges::copy(keys.tag, record.begin()).out);
  return record;
}

TraceRecord random_trace_record(Random& rng) {
  TraceRecord record{};
  rng.fill(record);
  return record;
}

Result<std::string> open_trace_record(const AeadKey& key, ByteView record) {
  if (record.size() != kTraceRecordSize) return bad_input("a directory's record of another size");
  HR_ASSIGN(const SecretBytes plaintext, aead_decrypt_once(key, record.subspan(kTraceTagSize)));
  Reader r(plaintext.expose());
  const std::size_t size = r.u16();
  if (size > kMaxTraceContact) return bad_input("a directory's record without a contact");
  const std::string contact(as_text(r.raw(size)));
  const ByteView padding = r.raw(kMaxTraceContact - size);
  if (std::ranges::any_of(padding, [](std::uint8_t b) { return b != 0; }))
    return bad_input("a directory's record with something behind its contact");
  HR_TRY(r.finish("directory's record"));
  if (!is_plain_text(contact)) return bad_input("a directory's record without a plain contact");
  return contact;
}

}  // namespace hedgerow
