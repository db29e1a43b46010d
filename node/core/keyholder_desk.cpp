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
  return protocol::KeyShare{record.key_id,
                            index,
                            record.share_version,
                            record.x_i.clone(),
                            record.verification_shares.at(record.index - 1U),
                            record.threshold,
                            record.keyholders};
}

Work refusal(const Delivery& d, protocol::Refused refused) {
  Work work;
  work.log.push_back(std::move(refused.note));
  work.message(d.session, d.from, MessageType::evaluate_refusal, std::move(refused.body),
               kResponseLifetime);
  return work;
}

}  // namespace

Result<std::optional<protocol::SeenBatch>> KeyholderDesk::seen(const Delivery& d) {
  const auto batch = protocol::EvaluateRequest::peek_batch(d.body);
  if (!batch.ok()) return std::optional<protocol::SeenBatch>();
  HR_ASSIGN(const auto found, lineage_.store.ledger().find_batch(d.from, ledger_id(*batch)));
  if (!found) return std::optional<protocol::SeenBatch>();
  HR_ASSIGN(protocol::SeenBatch out,
            protocol::SeenBatch::restore(found->request_hash, found->response));
  return std::optional<protocol::SeenBatch>(std::move(out));
}

Result<protocol::KeyholderDecision> KeyholderDesk::decide(const Delivery& d,
                                                          const protocol::KeyShare& share,
                                                          std::int64_t day) {
  HR_ASSIGN(const std::optional<protocol::SeenBatch> known, seen(d));
  auto ledger = lineage_.store.ledger();
  const auto& limits = lineage_.agreement.pseudonyms;
  HR_ASSIGN(const std::uint64_t import_spent, ledger.import_spent(d.from));
  HR_ASSIGN(const std::uint64_t daily_spent, ledger.daily_spent(d.from, day));
  const protocol::EvaluationQuota quota{
      limits.import_quota > import_spent ? limits.import_quota - import_spent : 0,
      limits.daily_quota > daily_spent ? limits.daily_quota - daily_spent : 0};
  return protocol::authorise(share, d.from, d.body, quota, known);
}

Result<void> KeyholderDesk::commit_charges(const protocol::Authorised& authorised,
                                           const PartyId& requester, std::int64_t day,
                                           UtcTime now) {
  if (authorised.charges().empty()) return {};  // paid for before a crash
  const store::EvaluationQuota limits{lineage_.agreement.pseudonyms.import_quota,
                                      lineage_.agreement.pseudonyms.daily_quota};
  const store::BatchRecord batch{ledger_id(authorised.batch()), authorised.request_hash(), {}, day};
  const std::uint64_t cost = authorised.cost();
  Work work;
  work.log.push_back(authorised.note());
  work.write([=](store::LineageStore& s) -> Result<void> {
    HR_TRY(s.ledger().charge(requester, day, cost, limits));
    return s.ledger().add_batch(requester, batch);
  });
  HR_TRY(exchange_.commit(std::move(work), now));
  return {};
}

Result<Work> KeyholderDesk::on_message(const Delivery& d, UtcTime now) {
  const auto refused = [&](protocol::RefusalReason why) {
    return refusal(d, protocol::refuse(d.from, d.body, why));
  };
  const policies::Party* requester = lineage_.agreement.party(d.from);
  if (requester == nullptr || !requester->roles.contributor)
    return refused(protocol::RefusalReason::not_authorised);
  if (!keys_.share()) return refused(protocol::RefusalReason::key);
  HR_ASSIGN(const protocol::KeyShare share, evaluation_share(*keys_.share()));
  return d.type == MessageType::evaluate_request ? on_request(d, share, now)
                                                 : on_follow_up(d, share);
}

Result<Work> KeyholderDesk::on_follow_up(const Delivery& d, const protocol::KeyShare& share) {
  HR_ASSIGN(const std::optional<protocol::SeenBatch> known, seen(d));
  const bool is_check = d.type == MessageType::evaluate_check;
  HR_ASSIGN(protocol::FollowUp outcome,
            is_check ? protocol::check(share, d.from, d.body, known, env_.rng)
                     : protocol::prove(share, d.from, d.body, known, env_.rng));
  if (auto* refused = std::get_if<protocol::Refused>(&outcome))
    return refusal(d, std::move(*refused));
  Work work;
  if (auto* resend = std::get_if<protocol::Resend>(&outcome)) {
    work.message(d.session, d.from,
                 is_check ? MessageType::evaluate_checked : MessageType::evaluate_response,
                 std::move(resend->response), kResponseLifetime);
    return work;
  }
  auto& answered = std::get<protocol::Answered>(outcome);
  HR_ASSIGN(const protocol::BatchId batch, protocol::EvaluateRequest::peek_batch(d.body));
  work.log.push_back(std::move(answered.note));
  work.write([id = ledger_id(batch), memory = answered.memory.save(), from = d.from](
                 store::LineageStore& s) { return s.ledger().replace_response(from, id, memory); });
  work.message(d.session, d.from, answered.type, std::move(answered.response), kResponseLifetime);
  return work;
}

Result<Work> KeyholderDesk::on_request(const Delivery& d, const protocol::KeyShare& share,
                                       UtcTime now) {
  const std::int64_t day = utc_day_of(now);
  HR_ASSIGN(protocol::KeyholderDecision decision, decide(d, share, day));
  if (auto* refused = std::get_if<protocol::Refused>(&decision))
    return refusal(d, std::move(*refused));
  Work work;
  if (auto* resend = std::get_if<protocol::Resend>(&decision)) {
    work.message(d.session, d.from, MessageType::evaluate_response, std::move(resend->response),
                 kResponseLifetime);
    return work;
  }
  auto& authorised = std::get<protocol::Authorised>(decision);
  const Sha256 request_hash = authorised.request_hash();
#ifdef HEDGEROW_PLANT_charge_after_send
  // The planted defect: the answer leaves, and only then the requester is charged.
  if (HEDGEROW_PLANT_charge_after_send) {
    const auto late = std::make_shared<Work>();
    const store::EvaluationQuota limits{lineage_.agreement.pseudonyms.import_quota,
                                        lineage_.agreement.pseudonyms.daily_quota};
    store::BatchRecord paid{ledger_id(authorised.batch()), authorised.request_hash(), {}, day};
    const std::uint64_t cost = authorised.cost();
    late->log.push_back(authorised.note());
    HR_ASSIGN(Bytes at_once, std::move(authorised).evaluate(share, env_.rng));
    paid.response = protocol::SeenBatch{request_hash, at_once, {}, {}, {}}.save();
    late->write([=, from = d.from](store::LineageStore& s) -> Result<void> {
      HR_TRY(s.ledger().charge(from, day, cost, limits));
      return s.ledger().add_batch(from, paid);
    });
    work.message(d.session, d.from, MessageType::evaluate_response, std::move(at_once),
                 kResponseLifetime);
    work.follow.push_back([late](const Committed&) { return Result<Work>(std::move(*late)); });
    return work;
  }
#endif
  HR_TRY(commit_charges(authorised, d.from, day, now));
  if (env_.fault_point) env_.fault_point("charged");
  const SessionId batch = ledger_id(authorised.batch());
  HR_ASSIGN(Bytes response, std::move(authorised).evaluate(share, env_.rng));
  work.write([batch, memory = protocol::SeenBatch{request_hash, response, {}, {}, {}}.save(),
              from = d.from](store::LineageStore& s) {
    return s.ledger().set_response(from, batch, memory);
  });
  work.message(d.session, d.from, MessageType::evaluate_response, std::move(response),
               kResponseLifetime);
  return work;
}

}  // namespace hedgerow::core
