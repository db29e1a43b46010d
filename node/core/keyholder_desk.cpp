#include "node/core/keyholder_desk.h"

#include <memory>

namespace hedgerow::core {

namespace {

constexpr std::chrono::minutes kResponseLifetime{10};

std::int64_t utc_day_of(UtcTime t) {
  return std::chrono::floor<std::chrono::days>(t).time_since_epoch().count();
}

SessionId ledger_id(const protocol::BatchId& batch) { return {batch.bytes}; }

Result<protocol::KeyShare> evaluation_share(const protocol::KeyShareRecord& record) {
  HR_ASSIGN(const ParticipantIndex index, ParticipantIndex::from(record.index));
  return protocol::KeyShare{record.key_id, index, record.share_version, record.x_i.clone(),
                            record.verification_shares.at(record.index - 1U)};
}

}  // namespace

Result<protocol::KeyholderDecision> KeyholderDesk::decide(const Delivery& d, std::int64_t day) {
  const auto refused = [&](protocol::RefusalReason why) {
    return protocol::KeyholderDecision(protocol::refuse(d.from, d.body, why));
  };
  const policies::Party* requester = lineage_.agreement.party(d.from);
  if (requester == nullptr || !requester->roles.contributor)
    return refused(protocol::RefusalReason::not_authorised);
  if (!keys_.share()) return refused(protocol::RefusalReason::key);

  HR_ASSIGN(const protocol::KeyShare share, evaluation_share(*keys_.share()));
  auto ledger = lineage_.store.ledger();
  std::optional<protocol::SeenBatch> seen;
  const auto batch = protocol::EvaluateRequest::peek_batch(d.body);
  if (batch.ok()) {
    HR_ASSIGN(const auto found, ledger.find_batch(d.from, ledger_id(*batch)));
    if (found) seen = protocol::SeenBatch{found->request_hash, found->response};
  }
  const auto& limits = lineage_.agreement.pseudonyms;
  HR_ASSIGN(const std::uint64_t import_spent, ledger.import_spent(d.from));
  HR_ASSIGN(const std::uint64_t daily_spent, ledger.daily_spent(d.from, day));
  const protocol::EvaluationQuota quota{
      limits.import_quota > import_spent ? limits.import_quota - import_spent : 0,
      limits.daily_quota > daily_spent ? limits.daily_quota - daily_spent : 0};
  return protocol::authorise(share, d.from, d.body, quota, seen);
}

Result<void> KeyholderDesk::commit_charges(const protocol::Authorised& authorised,
                                           const PartyId& requester, std::int64_t day,
                                           UtcTime now) {
  if (authorised.charges().empty()) return {};  // paid for before a crash
  const store::EvaluationQuota limits{lineage_.agreement.pseudonyms.import_quota,
                                      lineage_.agreement.pseudonyms.daily_quota};
  const store::BatchRecord batch{ledger_id(authorised.batch()), authorised.request_hash(), {}, day};
  const std::uint64_t elements = authorised.elements();
  Work work;
  work.log.push_back(authorised.note());
  work.write([=](store::LineageStore& s) -> Result<void> {
    HR_TRY(s.ledger().charge(requester, day, elements, limits));
    return s.ledger().add_batch(requester, batch);
  });
  HR_TRY(exchange_.commit(std::move(work), now));
  return {};
}

Result<Work> KeyholderDesk::on_request(const Delivery& d, UtcTime now) {
  const std::int64_t day = utc_day_of(now);
  HR_ASSIGN(protocol::KeyholderDecision decision, decide(d, day));
  Work work;
  if (auto* resend = std::get_if<protocol::Resend>(&decision)) {
    work.message(d.session, d.from, MessageType::evaluate_response, std::move(resend->response),
                 kResponseLifetime);
    return work;
  }
  if (auto* refused = std::get_if<protocol::Refused>(&decision)) {
    work.log.push_back(std::move(refused->note));
    work.message(d.session, d.from, MessageType::evaluate_refusal, std::move(refused->body),
                 kResponseLifetime);
    return work;
  }
  auto& authorised = std::get<protocol::Authorised>(decision);
#ifdef HEDGEROW_PLANT_charge_after_send
  // The planted defect: the answer leaves, and only then the requester is charged.
  if (HEDGEROW_PLANT_charge_after_send) {
    HR_ASSIGN(const protocol::KeyShare at_once, evaluation_share(*keys_.share()));
    const auto late = std::make_shared<Work>();
    const store::EvaluationQuota limits{lineage_.agreement.pseudonyms.import_quota,
                                        lineage_.agreement.pseudonyms.daily_quota};
    store::BatchRecord paid{ledger_id(authorised.batch()), authorised.request_hash(), {}, day};
    const std::uint64_t elements = authorised.elements();
    late->log.push_back(authorised.note());
    HR_ASSIGN(paid.response, std::move(authorised).evaluate(at_once, env_.rng));
    late->write([=, from = d.from](store::LineageStore& s) -> Result<void> {
      HR_TRY(s.ledger().charge(from, day, elements, limits));
      return s.ledger().add_batch(from, paid);
    });
    work.message(d.session, d.from, MessageType::evaluate_response, paid.response,
                 kResponseLifetime);
    work.follow.push_back([late](const Committed&) { return Result<Work>(std::move(*late)); });
    return work;
  }
#endif
  HR_TRY(commit_charges(authorised, d.from, day, now));
  if (env_.fault_point) env_.fault_point("charged");
  HR_ASSIGN(const protocol::KeyShare share, evaluation_share(*keys_.share()));
  const SessionId batch = ledger_id(authorised.batch());
  HR_ASSIGN(Bytes response, std::move(authorised).evaluate(share, env_.rng));
  work.write([batch, response, from = d.from](store::LineageStore& s) {
    return s.ledger().set_response(from, batch, response);
  });
  work.message(d.session, d.from, MessageType::evaluate_response, std::move(response),
               kResponseLifetime);
  return work;
}

}  // namespace hedgerow::core
