#include "node/core/mixer_desk.h"

#include "node/core/gate.h"
#include "node/core/link_plan.h"
#include "node/core/link_rows.h"

namespace hedgerow::core {

using protocol::link::LinkMixer;
using protocol::link::Plan;
using protocol::link::RefusalReason;

namespace {

constexpr std::string_view kRoleKind = "link-mixer";

}  // namespace

MixerDesk::MixerDesk(LineageContext& lineage, const KeyDesk& keys, const Environment& environment,
                     const policies::CodeList& codes)
    : lineage_(lineage), keys_(keys), env_(environment), codes_(codes) {}

Result<Work> MixerDesk::restore(UtcTime now) {
  HR_ASSIGN(const auto rows, lineage_.store.sessions().list(std::string(kRoleKind)));
  Work work;
  for (const auto& row : rows) {
    work.add(forget(row.id));
    const auto plan = Plan::decode(row.state);
    // The note serves a courtesy only: without it the others find out by themselves.
    if (!plan.ok() || now > plan->expiry) continue;
    auto refusal = LinkMixer::refuse(sum_parties(lineage_, env_.keyring.message()), *plan, row.id,
                                     RefusalReason::restarted,
                                     try_again("restarted in the middle of the attempt"), now);
    if (!refusal.ok()) continue;
    work.send.push_back({row.id, std::move(*refusal)});
    work.note("link-forgotten", {{"release", plan->id.release.hex()},
                                 {"attempt", std::to_string(plan->id.attempt)},
                                 {"as", "mixer"}});
  }
  return work;
}

Result<Work> MixerDesk::on_message(const Delivery& d, UtcTime now) {
  if (!lineage_.own().roles.mixer)
    return culprit_error("a node that mixes nothing was asked to", d.from.str());
  if (d.type == MessageType::link_call) return on_call(d, now);
  const auto it = roles_.find(d.session);
  if (it == roles_.end()) return Work{};  // of an attempt that is over
  HR_ASSIGN(auto step, it->second.on_message(d.from, d.type, d.body, now, env_.rng));
  return after(d.session, std::move(step));
}

Result<std::optional<std::pair<RefusalReason, Error>>> MixerDesk::objection(const Plan& plan,
                                                                            UtcTime now) const {
  using Objection = std::optional<std::pair<RefusalReason, Error>>;
  if (const auto fits = check_link_plan(lineage_, plan, codes_, now); !fits.ok()) {
    if (fits.error().code == Code::internal) return fits.error();
    return Objection(std::pair(
        fits.error().code == Code::try_again ? RefusalReason::not_ready : RefusalReason::denied,
        fits.error()));
  }
  if (!keys_.key())
    return Objection(
        std::pair(RefusalReason::not_ready, try_again("the agreement has no key here yet")));
  const auto& rule = lineage_.agreement.grant(plan.grant)->disclosure;
  const auto planned = rule_of(plan.thresholds);
  if (policies::strictest(rule, planned) != planned)
    return Objection(
        std::pair(RefusalReason::denied, denied("the plan has weaker thresholds than the grant")));
  for (const auto* list : {&plan.contributors, &plan.mixers})
    for (const PartyId& party : *list) {
      const auto standing = lineage_.peers.find(party)->check_standing(now);
      if (!standing.ok()) return Objection(std::pair(RefusalReason::not_ready, standing.error()));
    }
  return Objection();
}

// A newer attempt at a release takes the place of the one before.
Result<Work> MixerDesk::on_call(const Delivery& d, UtcTime now) {
  if (d.from != lineage_.agreement.hub)
    return culprit_error("a call that only the hub makes", d.from.str());
  if (roles_.contains(d.session)) return Work{};
  HR_ASSIGN(const Plan plan, Plan::decode(d.body));
  Work work;
  for (auto it = roles_.begin(); it != roles_.end();) {
    if (it->second.plan().id.release != plan.id.release) {
      ++it;
      continue;
    }
    if (it->second.plan().id.attempt >= plan.id.attempt)
      return culprit_error("a call to an attempt that is over", d.from.str());
    work.add(forget(it->first));
    it = roles_.erase(it);
  }
  const auto parties = sum_parties(lineage_, env_.keyring.message());
  HR_ASSIGN(auto refused, objection(plan, now));
  if (!refused && roles_.size() >= kMaxMixing)
    refused = std::pair(RefusalReason::not_ready, try_again("too many links at once"));
  if (refused) {
    work.note("link-refused", {{"release", plan.id.release.hex()},
                               {"grant", plan.grant},
                               {"table", plan.table},
                               {"period", plan.period},
                               {"why", refused->second.text}});
    HR_ASSIGN(Outgoing no,
              LinkMixer::refuse(parties, plan, d.session, refused->first, refused->second, now));
    work.send.push_back({d.session, std::move(no)});
    return work;
  }
  HR_ASSIGN(auto begun, LinkMixer::begin(parties, plan, d.session, now, env_.rng));
  roles_.emplace(d.session, std::move(begun.first));
  work.write(keep_link_note(d.session, kRoleKind, plan.encode(), plan.expiry));
  work.add(after(d.session, std::move(begun.second)));
  return work;
}

Work MixerDesk::forget(const SessionId& session) {
  wake_.erase(session);
  Work work;
  work.write([session](store::LineageStore& s) {
    return s.sessions().remove(session, std::string(kRoleKind));
  });
  return work;
}

Work MixerDesk::after(const SessionId& session, protocol::Step step) {
  Work work;
  work.log = std::move(step.log);
  for (Outgoing& m : step.send) work.send.push_back({session, std::move(m)});
  if (step.wake_at) wake_[session] = *step.wake_at;
  if (!step.finished) return work;
  work.add(forget(session));
  roles_.erase(session);
  return work;
}

Work MixerDesk::on_time(UtcTime now) {
  std::vector<SessionId> due;
  for (const auto& [session, at] : wake_)
    if (at <= now) due.push_back(session);
  Work work;
  for (const SessionId& session : due) {
    wake_.erase(session);
    const auto it = roles_.find(session);
    if (it != roles_.end()) work.add(after(session, it->second.on_time(now)));
  }
  return work;
}

std::optional<UtcTime> MixerDesk::next_wake() const {
  std::optional<UtcTime> at;
  for (const auto& [session, t] : wake_)
    if (!at || t < *at) at = t;
  return at;
}

}  // namespace hedgerow::core
