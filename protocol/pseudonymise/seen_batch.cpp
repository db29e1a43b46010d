#include "protocol/pseudonymise/seen_batch.h"

#include "crypto/dleq.h"
#include "protocol/pseudonymise/messages.h"

namespace hedgerow::protocol {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kMaxResponse = kMaxBatch * Element::kSize + 256;
constexpr std::size_t kMaxChecked = 256;

}  // namespace

Bytes SeenBatch::save() const {
  if (response.empty()) return {};
  Writer w;
  w.u8(kVersion).bytes(response).raw(check_hash.view()).bytes(checked).bytes(proof);
  return std::move(w).take();
}

Result<SeenBatch> SeenBatch::restore(const Sha256& request_hash, ByteView saved) {
  SeenBatch out;
  out.request_hash = request_hash;
  if (saved.empty()) return out;
  Reader r(saved);
  const std::uint8_t version = r.u8();
  out.response = to_bytes(r.bytes(kMaxResponse));
  out.check_hash.bytes = r.array<Sha256::kSize>();
  out.checked = to_bytes(r.bytes(kMaxChecked));
  out.proof = to_bytes(r.bytes(DleqProof::kSize));
  HR_TRY(r.finish("remembered evaluation"));
  if (version != kVersion || out.response.empty())
    return bad_input("a remembered evaluation of another version, or without its answer");
  if (out.check_hash.is_zero() != out.checked.empty())
    return bad_input("a remembered evaluation with half a check");
  if (!out.proof.empty()) HR_TRY(DleqProof::decode(out.proof));
  return out;
}

}  // namespace hedgerow::protocol
