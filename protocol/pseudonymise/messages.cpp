#include "protocol/pseudonymise/messages.h"

namespace hedgerow::protocol {
namespace {

// Checked before anything is allocated for it.
Result<std::vector<Element>> decode_batch(ByteView run) {
  if (run.empty() || run.size() > kMaxBatch * Element::kSize)
    return bad_input("a batch is not 1 to 512 elements");
  return decode_elements(run);
}

void write_set(Writer& w, const std::optional<EvaluationSet>& set) {
  w.u8(set ? static_cast<std::uint8_t>(set->size()) : std::uint8_t{0});
  if (set)
    for (const ParticipantIndex i : set->indexes()) w.u16(i.number());
}

std::vector<std::uint16_t> read_numbers(Reader& r) {
  std::vector<std::uint16_t> numbers;
  const std::uint8_t count = r.u8();
  if (count > kMaxEvaluationSet) {
    r.fail();
    return numbers;
  }
  for (std::uint8_t i = 0; i < count; ++i) numbers.push_back(r.u16());
  return numbers;
}

Result<std::optional<EvaluationSet>> to_set(const std::vector<std::uint16_t>& numbers) {
  if (numbers.empty()) return std::optional<EvaluationSet>();
  std::vector<ParticipantIndex> indexes;
  for (const std::uint16_t number : numbers) {
    HR_ASSIGN(const ParticipantIndex index, ParticipantIndex::from(number));
    indexes.push_back(index);
  }
  HR_ASSIGN(EvaluationSet set, EvaluationSet::from(std::move(indexes)));
  return std::optional<EvaluationSet>(std::move(set));
}

}  // namespace

Bytes EvaluateRequest::encode() const {
  Writer w;
  w.raw(key.view()).u32(share_version).raw(batch.view()).text(purpose);
  write_set(w, set);
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
  const std::vector<std::uint16_t> numbers = read_numbers(r);
  const ByteView run = r.bytes(kMaxBatch * Element::kSize);
  HR_TRY(r.finish("evaluation request"));
  if (!is_valid_name(m.purpose)) return bad_input("an evaluation request's purpose is no name");
  HR_ASSIGN(m.set, to_set(numbers));
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
  w.bytes(encode_elements(evaluated_elements));
  w.bytes(proof ? to_bytes(ByteView(proof->encode())) : Bytes());
  return std::move(w).take();
}

Result<EvaluateResponse> EvaluateResponse::decode(ByteView bytes) {
  Reader r(bytes);
  const auto batch = r.array<BatchId::kSize>();
  const std::uint16_t number = r.u16();
  const std::uint32_t share_version = r.u32();
  const auto request_hash = r.array<Sha256::kSize>();
  const ByteView run = r.bytes(kMaxBatch * Element::kSize);
  const ByteView proof_bytes = r.bytes(DleqProof::kSize);
  HR_TRY(r.finish("evaluation response"));
  HR_ASSIGN(const ParticipantIndex index, ParticipantIndex::from(number));
  HR_ASSIGN(std::vector<Element> elements, decode_batch(run));
  EvaluateResponse m{{batch},     index, share_version, {request_hash}, std::move(elements),
                     std::nullopt};
  if (!proof_bytes.empty()) {
    HR_ASSIGN(m.proof, DleqProof::decode(proof_bytes));
  }
  return m;
}

Bytes EvaluateCheck::encode() const {
  Writer w;
  w.raw(key.view()).u32(share_version).raw(batch.view()).raw(request_hash.view());
  w.raw(element.bytes());
  return std::move(w).take();
}

Result<EvaluateCheck> EvaluateCheck::decode(ByteView bytes) {
  Reader r(bytes);
  const auto key = r.array<KeyId::kSize>();
  const std::uint32_t share_version = r.u32();
  const auto batch = r.array<BatchId::kSize>();
  const auto request_hash = r.array<Sha256::kSize>();
  const auto m = r.array<Element::kSize>();
  HR_TRY(r.finish("check of an evaluation"));
  HR_ASSIGN(const Element element, Element::decode(m));
  return EvaluateCheck{{key}, share_version, {batch}, {request_hash}, element};
}

Bytes EvaluateChecked::encode() const {
  Writer w;
  w.raw(batch.view()).u16(index.number()).u32(share_version).raw(check_hash.view());
  w.raw(evaluated_element.bytes()).raw(proof.encode());
  return std::move(w).take();
}

Result<EvaluateChecked> EvaluateChecked::decode(ByteView bytes) {
  Reader r(bytes);
  const auto batch = r.array<BatchId::kSize>();
  const std::uint16_t number = r.u16();
  const std::uint32_t share_version = r.u32();
  const auto check_hash = r.array<Sha256::kSize>();
  const auto v = r.array<Element::kSize>();
  const auto proof_bytes = r.array<DleqProof::kSize>();
  HR_TRY(r.finish("answer to a check"));
  HR_ASSIGN(const ParticipantIndex index, ParticipantIndex::from(number));
  HR_ASSIGN(const Element element, Element::decode(v));
  HR_ASSIGN(const DleqProof proof, DleqProof::decode(proof_bytes));
  return EvaluateChecked{{batch}, index, share_version, {check_hash}, element, proof};
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
    case RefusalReason::set:
      return "set";
    case RefusalReason::unknown_batch:
      return "unknown-batch";
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
