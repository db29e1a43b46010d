#include "protocol/pseudonymise/messages.h"

namespace hedgerow::protocol {
namespace {

// Checked before anything is allocated for it.
Result<std::vector<Element>> decode_batch(ByteView run) {
  if (run.empty() || run.size() > kMaxBatch * Element::kSize)
    return bad_input("a batch is not 1 to 512 elements");
  return decode_elements(run);
}

}  // namespace

Bytes EvaluateRequest::encode() const {
  Writer w;
  w.raw(key.view()).u32(share_version).raw(batch.view()).text(purpose);
  w.bytes(encode_elements(blinded_elements));
  return std::move(w).take();
}

Result<EvaluateRequest> EvaluateRequest::decode(ByteView bytes) {
  Reader r(bytes);
  EvaluateRequest m;
  m.key.bytes = r.array<KeyId::kSize>();
  m.share_version = r.u32();
  m.batch.bytes = r.array<BatchId::kSize>();
  m.purpose = r.text(kMaxPurposeSize);
  const ByteView run = r.bytes(kMaxBatch * Element::kSize);
  HR_TRY(r.finish("evaluation request"));
  if (!is_valid_name(m.purpose)) return bad_input("an evaluation request's purpose is no name");
  HR_ASSIGN(m.blinded_elements, decode_batch(run));
  return m;
}

Result<BatchId> EvaluateRequest::peek_batch(ByteView bytes) {
  Reader r(bytes);
  r.raw(KeyId::kSize);
  r.u32();
  BatchId batch;
  batch.bytes = r.array<BatchId::kSize>();
  if (r.failed()) return bad_input("an evaluation request is cut short");
  return batch;
}

Bytes EvaluateResponse::encode() const {
  Writer w;
  w.raw(batch.view()).u16(index.number()).u32(share_version).raw(request_hash.view());
  w.bytes(encode_elements(evaluation.evaluated_elements)).raw(evaluation.proof.encode());
  return std::move(w).take();
}

Result<EvaluateResponse> EvaluateResponse::decode(ByteView bytes) {
  Reader r(bytes);
  const auto batch = r.array<BatchId::kSize>();
  const std::uint16_t number = r.u16();
  const std::uint32_t share_version = r.u32();
  const auto request_hash = r.array<Sha256::kSize>();
  const ByteView run = r.bytes(kMaxBatch * Element::kSize);
  const auto proof_bytes = r.array<DleqProof::kSize>();
  HR_TRY(r.finish("evaluation response"));
  HR_ASSIGN(const ParticipantIndex index, ParticipantIndex::from(number));
  HR_ASSIGN(std::vector<Element> elements, decode_batch(run));
  HR_ASSIGN(const DleqProof proof, DleqProof::decode(proof_bytes));
  return EvaluateResponse{
      {batch}, index, share_version, {request_hash}, {std::move(elements), proof}};
}

std::string_view name_of(RefusalReason reason) {
  switch (reason) {
    case RefusalReason::quota:
      return "quota";
    case RefusalReason::key:
      return "key";
    case RefusalReason::busy:
      return "busy";
    case RefusalReason::not_authorised:
      return "not-authorised";
    case RefusalReason::malformed:
      return "malformed";
    case RefusalReason::batch_reused:
      return "batch-reused";
  }
  return {};
}

Bytes EvaluateRefusal::encode() const {
  Writer w;
  w.raw(batch.view()).raw(request_hash.view()).u8(static_cast<std::uint8_t>(reason));
  w.u32(quota_left);
  return std::move(w).take();
}

Result<EvaluateRefusal> EvaluateRefusal::decode(ByteView bytes) {
  Reader r(bytes);
  EvaluateRefusal m;
  m.batch.bytes = r.array<BatchId::kSize>();
  m.request_hash.bytes = r.array<Sha256::kSize>();
  m.reason = static_cast<RefusalReason>(r.u8());
  m.quota_left = r.u32();
  HR_TRY(r.finish("evaluation refusal"));
  if (name_of(m.reason).empty()) return bad_input("an evaluation refusal without a known reason");
  if (m.quota_left != 0 && m.reason != RefusalReason::quota)
    return bad_input("an evaluation refusal tells a quota beside another reason");
  return m;
}

}  // namespace hedgerow::protocol
