#include "node/core/lineage_node.h"

#include <algorithm>

namespace hedgerow::core {

bool is_fatal(const Error& error) {
  return error.code == Code::internal || error.code == Code::configuration;
}

LineageNode::LineageNode(LineageContext context, const Environment& environment,
                         const policies::CodeList& codes)
    : context_(std::move(context)),
      exchange_(context_, environment),
      identities_(context_, environment),
      keys_(context_, environment),
      keyholder_(context_, exchange_, keys_, environment),
      mixer_(context_, keys_, environment, codes),
      imports_(context_, keys_, environment, codes),
      contributor_(context_, exchange_, keys_, environment, codes),
      hub_(context_, keys_, environment, codes),
      home_(context_, keys_, environment, codes),
      directories_(context_, keys_, environment),
      fetches_(context_, environment),
      traces_(context_, keys_, fetches_, environment),
      responder_(context_, keys_, environment) {}

Result<void> LineageNode::restore(UtcTime now) {
  HR_TRY(keys_.restore(now));
  HR_ASSIGN(Work refused, home_.restore(now));
  if (context_.own().roles.mixer) {
    HR_ASSIGN(Work forgotten, mixer_.restore(now));
    refused.add(std::move(forgotten));
  }
  if (context_.own().roles.contributor) {
    HR_ASSIGN(Work forgotten, contributor_.restore(now));
    refused.add(std::move(forgotten));
  }
  if (context_.is_hub()) {
    HR_ASSIGN(Work at_hub, hub_.restore(now));
    refused.add(std::move(at_hub));
  }
  HR_TRY(traces_.restore());
  HR_ASSIGN(Work directories, directories_.restore(now));
  refused.add(std::move(directories));
  if (!refused.empty()) HR_TRY(commit(std::move(refused), now));
  return {};
}

// With the list comes, in one commit, the end of every question that it touches.
Work LineageNode::drop_revoked(Work work, UtcTime now) {
  if (work.empty()) return work;  // known already
  revoked_ = true;
  work.add(home_.drop_revoked(now));
  work.add(hub_.drop_revoked(now));
  return work;
}

Result<Work> LineageNode::publish(const Peer& owner, const RevocationList& list, UtcTime now) {
  HR_ASSIGN(Work work, identities_.publish(owner, list, now));
  return drop_revoked(std::move(work), now);
}

Result<Work> LineageNode::dispatch(const Delivery& d, UtcTime now) {
  switch (d.type) {
    case MessageType::installed:
    case MessageType::dkg_start:
    case MessageType::dkg_round1:
    case MessageType::dkg_round2:
    case MessageType::dkg_signature:
    case MessageType::dkg_certificate:
    case MessageType::dkg_abort:
    case MessageType::key_ready:
      return keys_.on_message(d, now);
    case MessageType::evaluate_request:
    case MessageType::evaluate_check:
    case MessageType::evaluate_prove:
      return keyholder_.on_message(d, now);
    case MessageType::evaluate_response:
    case MessageType::evaluate_checked:
    case MessageType::evaluate_refusal:
      if (traces_.owns(d.session)) return traces_.on_message(d, now);
      // Of an import that has ended meanwhile: nothing to do.
      return imports_.owns(d.session) ? imports_.on_message(d, now) : Result<Work>(Work{});
    case MessageType::ask:
    case MessageType::receipt:
    case MessageType::sum_advert:
    case MessageType::sum_roster_signature:
    case MessageType::sum_masked_input:
    case MessageType::sum_masked_hash:
    case MessageType::sum_opening:
    case MessageType::sum_match_rate:
    case MessageType::sum_refusal:
    case MessageType::sum_standing:
      return hub_.on_message(d, now);
    case MessageType::answer_hash:
    case MessageType::served:
    case MessageType::sum_start:
    case MessageType::sum_manifest:
    case MessageType::sum_roster:
    case MessageType::sum_roster_signatures:
    case MessageType::sum_masked_hashes:
    case MessageType::sum_void:
    case MessageType::sum_standings:
      return contributor_.on_message(d, now);
    case MessageType::question_status:
    case MessageType::answer_delivery:
      return home_.on_message(d, now);
    case MessageType::renewed:
      return identities_.on_message(d, now);
    case MessageType::revocations: {
      HR_ASSIGN(Work work, identities_.on_message(d, now));
      return drop_revoked(std::move(work), now);
    }
    case MessageType::skip:
      return Work{};
    case MessageType::link_key:
    case MessageType::link_manifest_signature:
    case MessageType::link_list_seen:
    case MessageType::link_entries_seen:
    case MessageType::link_counts:
    case MessageType::link_confirmation:
    case MessageType::link_refusal:
      return hub_.on_message(d, now);
    case MessageType::link_batch:
      return context_.is_hub() ? hub_.on_message(d, now) : mixer_.on_message(d, now);
    case MessageType::link_call:
    case MessageType::link_manifest:
    case MessageType::link_list:
    case MessageType::link_blinded:
    case MessageType::link_check:
    case MessageType::link_prove:
    case MessageType::link_entries:
    case MessageType::link_onions:
      return mixer_.on_message(d, now);
    case MessageType::link_begin:
    case MessageType::link_evaluated:
    case MessageType::link_checked:
    case MessageType::link_proof:
    case MessageType::link_cascade:
    case MessageType::link_hashes:
    case MessageType::link_confirmations:
      return contributor_.on_message(d, now);
    case MessageType::link_void:
      return on_link_void(d, now);
    case MessageType::trace_header_get:
    case MessageType::trace_chunk_get:
      return directories_.on_message(d, now);
    case MessageType::trace_header:
    case MessageType::trace_chunk:
      // Of a fetch that has ended meanwhile: nothing to do.
      return fetches_.owns(d.session) ? fetches_.on_message(d, now) : Result<Work>(Work{});
    case MessageType::trace_ask:
    case MessageType::trace_notice:
      return responder_.on_message(d, now);
    case MessageType::trace_answer:
    case MessageType::trace_refusal:
      return traces_.on_message(d, now);
    case MessageType::trace_request:
    case MessageType::trace_approval:
    case MessageType::trace_collect:
    case MessageType::ack:
    case MessageType::question:
    case MessageType::countersigned:
    case MessageType::answer:
      return culprit_error("a message that does not travel alone", d.from.str());
  }
  return culprit_error("a message of an unknown type", d.from.str());
}

// A party may mix and contribute in one attempt: both parts of it end.
Result<Work> LineageNode::on_link_void(const Delivery& d, UtcTime now) {
  Work work;
  if (context_.own().roles.mixer) {
    HR_ASSIGN(work, mixer_.on_message(d, now));
  }
  if (context_.own().roles.contributor) {
    HR_ASSIGN(Work more, contributor_.on_message(d, now));
    work.add(std::move(more));
  }
  return work;
}

// A message is consumed whatever its handler says of it, or its sender would send it for ever;
// only where the node itself fails does it stay unacknowledged.
Result<void> LineageNode::deliver(const Delivery& d, UtcTime now) {
  auto work = dispatch(d, now);
  if (!work.ok() && is_fatal(work.error())) return std::move(work).error();
  std::optional<Error> refused;
  if (!work.ok()) refused = work.error();
  HR_TRY(exchange_.commit(work.ok() ? std::move(work).value() : Work{}, now, &d));
  HR_TRY(deliver_local(now));
  if (refused) return *std::move(refused);
  return {};
}

Result<void> LineageNode::deliver_local(UtcTime now) {
  while (auto d = exchange_.next_local()) {
    auto work = dispatch(*d, now);
    if (!work.ok()) {
      if (is_fatal(work.error())) return std::move(work).error();
      continue;
    }
    if (!work->empty()) HR_TRY(exchange_.commit(std::move(work).value(), now));
  }
  return {};
}

Result<void> LineageNode::on_envelope(const protocol::Envelope& envelope, UtcTime now) {
  HR_ASSIGN(const auto delivery, exchange_.receive(envelope, now));
  return delivery ? deliver(*delivery, now) : Result<void>();
}

Result<Committed> LineageNode::commit(Work work, UtcTime now) {
  HR_ASSIGN(const Committed done, exchange_.commit(std::move(work), now));
  HR_TRY(deliver_local(now));
  return done;
}

Result<void> LineageNode::on_time(UtcTime now) {
  HR_TRY(exchange_.on_time(now));
  Work work = keys_.on_time(now);
  work.add(imports_.on_time(now));
  work.add(mixer_.on_time(now));
  work.add(contributor_.on_time(now));
  HR_ASSIGN(Work hub, hub_.on_time(now));
  work.add(std::move(hub));
  HR_ASSIGN(Work home, home_.on_time(now));
  work.add(std::move(home));
  HR_ASSIGN(Work directories, directories_.on_time(now));
  work.add(std::move(directories));
  HR_ASSIGN(Work fetches, fetches_.on_time(now));
  work.add(std::move(fetches));
  HR_ASSIGN(Work traces, traces_.on_time(now));
  work.add(std::move(traces));
  work.add(responder_.on_time(now));
  if (work.empty()) return {};
  HR_TRY(commit(std::move(work), now));
  return {};
}

void LineageNode::on_peer_up(const ByteArray<32>& curve_key, UtcTime now) {
  exchange_.on_peer_up(curve_key, now);
}

void LineageNode::on_credit(const ByteArray<32>& curve_key, UtcTime now) {
  exchange_.on_credit(curve_key, now);
}

std::optional<UtcTime> LineageNode::next_wake() const {
  std::optional<UtcTime> at;
  for (const auto& t :
       {exchange_.next_wake(), keys_.next_wake(), imports_.next_wake(), mixer_.next_wake(),
        contributor_.next_wake(), hub_.next_wake(), home_.next_wake(), directories_.next_wake(),
        fetches_.next_wake(), traces_.next_wake()})
    if (t && (!at || *t < *at)) at = t;
  return at;
}

}  // namespace hedgerow::core
