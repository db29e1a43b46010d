#include "protocol/dkg/key_share.h"

#include <algorithm>

namespace hedgerow::protocol {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kMaxName = 64;
constexpr std::size_t kMinNameField = 4 + 3;
constexpr std::size_t kMaxKeyInfo =
    256 + kDkgMaxParticipants * (Element::kSize + sizeof(std::uint32_t) + kMaxName);

}  // namespace

Bytes KeyInfo::save() const {
  Writer w;
  w.u8(kVersion).raw(key_id.view()).u16(threshold).u16(n).u32(share_version).raw(Y.bytes());
  w.raw(encode_elements(verification_shares));
  for (const PartyId& party : keyholders) w.text(party.str());
  w.raw(transcript_hash);
  return std::move(w).take();
}

Result<KeyInfo> KeyInfo::restore(ByteView bytes) {
  Reader r(bytes);
  if (r.u8() != kVersion) r.fail();
  const KeyId key_id{r.array<KeyId::kSize>()};
  const std::uint16_t threshold = r.u16();
  const std::uint16_t n = r.u16();
  const std::uint32_t share_version = r.u32();
  const ByteView group_key = r.raw(Element::kSize);
  if (n == 0 || n > kDkgMaxParticipants || threshold == 0 || threshold > n) r.fail();
  if (n * (Element::kSize + kMinNameField) > r.left()) r.fail();
  const std::size_t count = r.failed() ? 0 : n;
  const ByteView shares = r.raw(count * Element::kSize);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < count; ++i) names.push_back(r.text(kMaxName));
  const auto transcript_hash = r.array<64>();
  HR_TRY(r.finish("the public half of a key"));

  HR_ASSIGN(const Element y, Element::decode(group_key));
  HR_ASSIGN(std::vector<Element> verification_shares, decode_elements(shares));
  std::vector<PartyId> keyholders;
  for (const std::string& name : names) {
    HR_ASSIGN(PartyId party, PartyId::parse(name));
    keyholders.push_back(std::move(party));
  }
  return KeyInfo{key_id,
                 threshold,
                 n,
                 share_version,
                 y,
                 std::move(verification_shares),
                 std::move(keyholders),
                 transcript_hash};
}

KeyShareRecord KeyShareRecord::make(KeyInfo info, std::uint16_t index, SecretScalar share) {
  HR_CHECK(index >= 1 && index <= info.n);
  return {info.key_id,
          index,
          info.threshold,
          info.n,
          info.share_version,
          std::move(share),
          info.Y,
          std::move(info.verification_shares),
          std::move(info.keyholders),
          info.transcript_hash};
}

KeyInfo KeyShareRecord::info() const {
  return {key_id, threshold, n, share_version, Y, verification_shares, keyholders, transcript_hash};
}

KeyShareRecord KeyShareRecord::clone() const { return make(info(), index, x_i.clone()); }

SecretBytes KeyShareRecord::save() const {
  // The share comes last and is written into locked memory only.
  const Bytes open = std::move(Writer().u8(kVersion).u16(index).bytes(info().save())).take();
  SecretBytes out(open.size() + SecretScalar::kSize);
  const auto end = std::ranges::copy(open, out.writable().begin()).out;
  std::ranges::copy(x_i.expose(), end);
  return out;
}

Result<KeyShareRecord> KeyShareRecord::restore(ByteView bytes) {
  Reader r(bytes);
  if (r.u8() != kVersion) r.fail();
  const std::uint16_t index = r.u16();
  const ByteView public_half = r.bytes(kMaxKeyInfo);
  const ByteView secret = r.raw(SecretScalar::kSize);
  HR_TRY(r.finish("a key share"));
  HR_ASSIGN(KeyInfo info, KeyInfo::restore(public_half));
  if (index == 0 || index > info.n) return bad_input("a key share has an index outside its key");
  HR_ASSIGN(SecretScalar share, decode_secret_scalar(secret));
  const auto actual = multiply_base(share);
  if (!actual || *actual != info.verification_shares[index - 1U])
    return bad_input("a key share does not fit its verification share");
  return make(std::move(info), index, std::move(share));
}

}  // namespace hedgerow::protocol
