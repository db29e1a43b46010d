#include "node/core/link_contributions.h"

#include "node/core/edition_chain.h"
#include "node/core/gate.h"

namespace hedgerow::core {

using protocol::link::LinkContributor;
using protocol::link::RefusalReason;

namespace {

constexpr std::string_view kRoleKind = "link-contributor";

}  // namespace

Result<protocol::link::Plan> plan_in(ByteView begin) {
  HR_ASSIGN(const auto message, protocol::link::Begin::decode(begin));
  HR_ASSIGN(const auto statement, protocol::Statement::decode(message.manifest));
  HR_ASSIGN(const auto manifest, protocol::link::Manifest::decode(statement.body()));
  return manifest.plan;
}

Result<Work> LinkContributions::restore(UtcTime now) {
  HR_ASSIGN(const auto rows, lineage_.store.sessions().list(std::string(kRoleKind)));
  Work work;
  for (const auto& row : rows) {
    work.add(forget(row.id));
    const auto plan = plan_in(row.state);
    // The note serves a courtesy only: without it the others find out by themselves.
    if (!plan.ok() || now > plan->expiry) continue;
    auto refusal = LinkContributor::refuse(
        sum_parties(lineage_, env_.keyring.message()), row.state, RefusalReason::restarted,
        try_again("restarted in the middle of the attempt"), now);
    if (!refusal.ok()) continue;
    work.send.push_back({row.id, std::move(*refusal)});
    work.note("link-forgotten", {{"release", plan->id.release.hex()},
                                 {"attempt", std::to_string(plan->id.attempt)},
                                 {"as", "contributor"}});
  }
  return work;
}

Result<Work> LinkContributions::drop_roles_of(const protocol::AttemptId& newer,
                                              const PartyId& hub) {
  Work work;
  for (auto it = roles_.begin(); it != roles_.end();) {
    const auto& id = it->second.plan().id;
    if (id.release != newer.release) {
      ++it;
      continue;
    }
    if (id.attempt >= newer.attempt)
      return culprit_error("a beginning of an attempt that is over", hub.str());
    work.add(forget(it->first));
    it = roles_.erase(it);
  }
  return work;
}

Result<Work> LinkContributions::begin(const Delivery& d, protocol::link::LinkInput input,
                                      UtcTime now) {
  HR_ASSIGN(const auto plan, plan_in(d.body));
  HR_ASSIGN(Work work, drop_roles_of(plan.id, d.from));
  HR_ASSIGN(const auto sent, link_sent(lineage_.store, plan.id.release));
  HR_ASSIGN(const std::uint32_t last, last_link_attempt(lineage_.store, plan.id.release));
  protocol::link::LinkContributorSetup setup;
  setup.parties = sum_parties(lineage_, env_.keyring.message());
  setup.begin = d.body;
  setup.lineage = lineage_.id();
  setup.agreement = lineage_.agreement.hash;
  HR_ASSIGN(setup.editions_head, editions_head(lineage_.store));
  setup.lowest_attempt = last + 1;
  if (sent) setup.sent = sent->roster;
  setup.input = std::move(input);
  auto begun = LinkContributor::begin(std::move(setup), now, env_.rng);
  if (!begun.ok()) {
    const bool other_roster =
        sent && sent->roster != protocol::link::link_roster_hash(plan.contributors);
    const auto reason = other_roster                         ? RefusalReason::sent
                        : begun.error().code == Code::denied ? RefusalReason::not_ready
                                                             : RefusalReason::deviation;
    HR_ASSIGN(Work no, refuse(d, reason, begun.error(), now));
    work.add(std::move(no));
    return work;
  }
  if (begun->first.session() != d.session)
    return culprit_error("a manifest of another session", d.from.str());
  roles_.emplace(d.session, std::move(begun->first));
  work.write(keep_link_note(d.session, kRoleKind, d.body, plan.expiry));
  work.write(keep_last_link_attempt(plan.id.release, plan.id.attempt, now));
  if (sent) work.write(keep_link_sent(plan.id.release, {sent->roster, false}, now));
  work.add(after(d.session, std::move(begun->second), now));
  return work;
}

Result<Work> LinkContributions::refuse(const Delivery& d, RefusalReason reason, const Error& why,
                                       UtcTime now) {
  Work work;
  HR_ASSIGN(const auto plan, plan_in(d.body));
  work.note("release.refused", {{"grant", plan.grant},
                                {"table", plan.table},
                                {"period", plan.period},
                                {"why", std::string(protocol::link::name_of(reason))}});
  HR_ASSIGN(Outgoing no, LinkContributor::refuse(sum_parties(lineage_, env_.keyring.message()),
                                                 d.body, reason, why, now));
  work.send.push_back({d.session, std::move(no)});
  return work;
}

Result<Work> LinkContributions::on_message(const Delivery& d, UtcTime now) {
  const auto it = roles_.find(d.session);
  if (it == roles_.end()) return Work{};
  HR_ASSIGN(auto step, it->second.on_message(d.from, d.type, d.body, now, env_.rng));
  return after(d.session, std::move(step), now);
}

// What was sent is written down with the step that sends it, and that it was confirmed with the
// confirmation.
Work LinkContributions::after(const SessionId& session, protocol::Step step, UtcTime now) {
  const LinkContributor& role = roles_.at(session);
  Work work;
  const bool sends_entries = std::any_of(step.send.begin(), step.send.end(), [](const Outgoing& m) {
    return m.type == MessageType::link_entries;
  });
  if (sends_entries || role.confirmed())
    work.write(keep_link_sent(role.plan().id.release, {role.roster(), role.confirmed()}, now));
  work.log = std::move(step.log);
  for (Outgoing& m : step.send) work.send.push_back({session, std::move(m)});
  if (step.wake_at) wake_[session] = *step.wake_at;
  if (!step.finished) return work;
  work.add(forget(session));
  roles_.erase(session);
  return work;
}

Work LinkContributions::forget(const SessionId& session) {
  wake_.erase(session);
  Work work;
  work.write([session](store::LineageStore& s) {
    return s.sessions().remove(session, std::string(kRoleKind));
  });
  return work;
}

Work LinkContributions::on_time(UtcTime now) {
  std::vector<SessionId> due;
  for (const auto& [session, at] : wake_)
    if (at <= now) due.push_back(session);
  Work work;
  for (const SessionId& session : due) {
    wake_.erase(session);
    const auto it = roles_.find(session);
    if (it != roles_.end()) work.add(after(session, it->second.on_time(now, env_.rng), now));
  }
  return work;
}

std::optional<UtcTime> LinkContributions::next_wake() const {
  std::optional<UtcTime> at;
  for (const auto& [session, t] : wake_)
    if (!at || t < *at) at = t;
  return at;
}

}  // namespace hedgerow::core
