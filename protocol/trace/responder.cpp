#include "protocol/trace/responder.h"

#include <array>

#include "crypto/domains.h"
#include "crypto/hash.h"

namespace hedgerow::protocol::trace {

namespace {

// Of a statement whose signature need not hold: for saying which of the two it is.
bool has_expired(ByteView statement, UtcTime now) {
  const auto s = Statement::decode(statement);
  return s.ok() && now > s->header().not_after;
}

Refused refuse(RefusalReason reason, const Sha256& request_hash, std::string why) {
  return {reason, request_hash, std::move(why)};
}

Examination examine(const Bytes& request_bytes, const Bytes& approval_bytes, const PartyId& from,
                    const Lineage& lineage, const AgreementHash& agreement, const Certificate& root,
                    UtcTime now) {
  const Sha256 hash = sha256_id(request_bytes);
  if (has_expired(request_bytes, now) || has_expired(approval_bytes, now))
    return refuse(RefusalReason::expired, hash, "request or approval has expired");
  auto request = verify_signed(request_bytes, MessageType::trace_request, root, lineage, now);
  if (!request.ok()) return refuse(RefusalReason::signature, hash, request.error().text);
  auto approval = verify_signed(approval_bytes, MessageType::trace_approval, root, lineage, now);
  if (!approval.ok()) return refuse(RefusalReason::signature, hash, approval.error().text);
  if (request->person.agency() != from || approval->person.agency() != from)
    return refuse(RefusalReason::signature, hash, "signed by people of another agency");
  if (request->agreement != agreement || approval->agreement != agreement)
    return refuse(RefusalReason::signature, hash, "signed under another agreement");
  const bool approves_it = approval->id == request->id &&
                           ByteView(approval->said).size() == Sha256::kSize &&
                           Sha256::from(approval->said).value() == hash;
  if (!approves_it)
    return refuse(RefusalReason::signature, hash, "the approval is of another request");
  if (approval->not_after > request->not_after)
    return refuse(RefusalReason::expired, hash, "the approval lasts longer than its request");
  auto order = Order::decode(request->said);
  if (!order.ok()) return refuse(RefusalReason::malformed, hash, order.error().text);
  return Examined{std::move(request).value(),
                  std::move(approval).value(),
                  std::move(order).value(),
                  hash,
                  0,
                  {},
                  {}};
}

}  // namespace

Examination examine_ask(ByteView bytes, const PartyId& from, const PartyId& self,
                        const Lineage& lineage, const AgreementHash& agreement,
                        const Certificate& root, UtcTime now) {
  const auto ask = Ask::decode(bytes);
  if (!ask.ok()) return refuse(RefusalReason::malformed, {}, ask.error().text);
  Examination out = examine(ask->request, ask->approval, from, lineage, agreement, root, now);
  auto* examined = std::get_if<Examined>(&out);
  if (examined == nullptr) return out;
  const Sha256 point_hash = sha256_id(ask->point.bytes());
  const Order::Point* signed_point = examined->order.point_of(self);
  if (signed_point == nullptr || signed_point->hash != point_hash)
    return refuse(RefusalReason::point, examined->request_hash,
                  "the point is not the one that was signed");
  examined->day = signed_point->day;
  examined->point = ask->point;
  examined->point_hash = point_hash;
  return out;
}

Examination examine_notice(ByteView bytes, const PartyId& from, const Lineage& lineage,
                           const AgreementHash& agreement, const Certificate& root, UtcTime now) {
  const auto notice = Notice::decode(bytes);
  if (!notice.ok()) return refuse(RefusalReason::malformed, {}, notice.error().text);
  return examine(notice->request, notice->approval, from, lineage, agreement, root, now);
}

Result<Answer> evaluate(const SecretScalar& secret, const Element& key, const Examined& ask,
                        Random& rng) {
  HR_CHECK(ask.point.has_value());
  HR_ASSIGN(const Element evaluated, multiply(secret, *ask.point));
  const std::array from = {*ask.point};
  const std::array to = {evaluated};
  HR_ASSIGN(const DleqProof proof,
            generate_proof(secret, Element::base(), key, from, to, kDomainTraceEvaluation, rng));
  return Answer{ask.request_hash, ask.day, evaluated, proof};
}

Result<void> verify_evaluation(const Element& key, const Element& point, const Answer& answer) {
  const std::array from = {point};
  const std::array to = {answer.evaluated};
  return verify_proof(Element::base(), key, from, to, kDomainTraceEvaluation, answer.proof);
}

}  // namespace hedgerow::protocol::trace
