#include "node/core/release_desk.h"

#include "crypto/hash.h"
#include "node/core/edition_chain.h"
#include "node/core/hub_rows.h"
#include "node/core/match_rate.h"
#include "protocol/answering.h"

namespace hedgerow::core {

using protocol::sum::ReleaseId;
using protocol::sum::SumHub;

Result<void> ReleaseDesk::restore(UtcTime now) {
  const auto parties = sum_parties(lineage_, env_.keyring.message());
  HR_ASSIGN(const auto roles, lineage_.store.sessions().list(std::string(kHubRoleKind)));
  for (const auto& row : roles) {
    HR_ASSIGN(SumHub role, SumHub::restore(parties, kAskAgain, row.state));
    HR_ASSIGN(const auto question, SessionId::from(*from_hex(row.peer)));
    HR_ASSIGN(auto rates, match_rates_of(lineage_.store, role.manifest().release));
    active_.emplace(Active{std::move(role), question, now, now, false, std::move(rates)});
  }
  return {};
}

Result<protocol::sum::Manifest> ReleaseDesk::plan(const policies::Permit& permit,
                                                  const policies::Period& period, UtcTime now) {
  const policies::Grant& grant = *lineage_.agreement.grant(permit.grant);
  const policies::Table& table = *grant.table(permit.table);
  HR_ASSIGN(const auto space, policies::CellSpace::make(lineage_.agreement, table, codes_));

  protocol::sum::Manifest m;
  m.release = protocol::sum::release_id(lineage_.id(), grant.id, table.name, period.label());
  m.lineage = lineage_.id();
  m.agreement = lineage_.agreement.hash;
  m.grant = grant.id;
  m.table = table.name;
  m.period = period.label();
  m.place_level = std::string(policies::to_text(table.place_level));
  m.cell_space = space.hash();
  m.cells = static_cast<std::uint32_t>(space.size());
  m.contributors = lineage_.agreement.contributors();
  HR_ASSIGN(m.editions_head, editions_head(lineage_.store));
  m.thresholds = {grant.disclosure.min_children, grant.disclosure.min_agencies,
                  grant.disclosure.round_to, grant.disclosure.true_zero};
  HR_ASSIGN(m.attempt, next_attempt(lineage_.store, m.release));
  m.expiry = now + kAttemptLifetime;
  return m;
}

Result<Work> ReleaseDesk::begin(const SessionId& question, ByteView countersigned,
                                const policies::Permit& permit, const policies::Period& period,
                                UtcTime now) {
  HR_CHECK(!active_);
  HR_ASSIGN(const auto outer, protocol::Statement::decode(countersigned));
  if (outer.header().not_after < now + kAttemptLifetime) return Work{};
  HR_ASSIGN(const auto m, plan(permit, period, now));

  SessionId session;
  env_.rng.fill(session.bytes);
  HR_ASSIGN(
      auto begun,
      SumHub::begin({sum_parties(lineage_, env_.keyring.message()), m, session, kAskAgain}, now));
  HR_ASSIGN(auto links, unpublished_links(lineage_.store));
  const Bytes start = protocol::SumStart{to_bytes(countersigned), std::move(links)}.encode();
  Work work;
  for (const PartyId& party : m.contributors)
    work.message(session, party, MessageType::sum_start, start, kAttemptLifetime);
  work.write(
      [m, now](store::LineageStore& s) { return keep_attempt(s, m.release, m.attempt, now); });
  active_.emplace(Active{std::move(begun.first), question, now, std::nullopt, false, {}});
  HR_ASSIGN(Work next, after_role(std::move(begun.second), now));
  work.add(std::move(next));
  return work;
}

Result<Work> ReleaseDesk::on_message(const Delivery& d, UtcTime now) {
  if (!active_ || active_->role.session() != d.session) return Work{};
  if (d.type == MessageType::sum_match_rate) return on_match_rate(d, now);
  HR_ASSIGN(auto step, active_->role.on_message(d.from, d.type, d.body, now));
  return after_role(std::move(step), now);
}

// It comes before the sender's opening, so all are there when the last opening is.
Result<Work> ReleaseDesk::on_match_rate(const Delivery& d, UtcTime now) {
  const ReleaseId release = active_->role.manifest().release;
  HR_ASSIGN(const auto statement, read_match_rate(d.body, d.from, lineage_.id(), release));
  HR_TRY(statement.verify(lineage_.peers.find(d.from)->keys().message, MessageType::sum_match_rate,
                          now));
  if (statement.header().session != d.session)
    return culprit_error("a match rate of another attempt", d.from.str());
  active_->match_rates[d.from] = d.body;
  Work work;
  work.write(keep_match_rates(release, active_->match_rates, now));
  return work;
}

Result<Work> ReleaseDesk::after_role(protocol::Step step, UtcTime now) {
  Active& a = *active_;
  const SessionId session = a.role.session();
  Work work;
  work.log = std::move(step.log);
  for (Outgoing& m : step.send) work.send.push_back({session, std::move(m)});
  a.wake_at = step.wake_at;
  if (!a.role.finished()) {
    if (step.state) work.write(keep_role(session, a.question, *step.state, now));
    return work;
  }
  work.write([session](store::LineageStore& s) {
    return s.sessions().remove(session, std::string(kHubRoleKind));
  });
  if (a.role.failure()) {
    work.add(give_up(*a.role.failure()));
    return work;
  }
  HR_ASSIGN(Work next, finish(now));
  work.add(std::move(next));
  return work;
}

// By value: `why` may come from the role that ends here.
Work ReleaseDesk::give_up(Error why) {
  const auto& m = active_->role.manifest();
  Work work;
  work.note("release.failed", {{"grant", m.grant},
                               {"table", m.table},
                               {"period", m.period},
                               {"attempt", std::to_string(m.attempt)},
                               {"why", why.text},
                               {"party", why.culprit}});
  ended_ = Ended{active_->question, std::move(why)};
  active_.reset();
  return work;
}

Result<Work> ReleaseDesk::finish(UtcTime now) {
  const protocol::sum::Manifest m = active_->role.manifest();
  const policies::Grant& grant = *lineage_.agreement.grant(m.grant);
  const policies::Table& table = *grant.table(m.table);
  HR_ASSIGN(const auto space, policies::CellSpace::make(lineage_.agreement, table, codes_));
  store::EditionRecord record;
  record.manifest = active_->role.manifest_statement();
  auto edition =
      release(grant, space, m.contributors.size(), std::move(active_->role).take_figures());
  if (!edition.ok()) return give_up(edition.error());

  HR_ASSIGN(const auto link, next_link(lineage_.store, m, policies::edition_hash(*edition)));
  record.sequence = link.sequence;
  record.grant = m.grant;
  record.table = m.table;
  record.period = m.period;
  record.edition = policies::encode(*edition);
  record.head = to_bytes(link.head.view());
  record.released_at = now;
  ended_ = Ended{active_->question, std::nullopt};
  active_.reset();

  Work work;
  work.note("release", {{"sequence", std::to_string(link.sequence)},
                        {"grant", m.grant},
                        {"table", m.table},
                        {"period", m.period},
                        {"edition", link.edition.hex()},
                        {"head", link.head.hex()}});
  work.write([record](store::LineageStore& s) { return s.editions().add(record); });
  return work;
}

Result<Work> ReleaseDesk::on_time(UtcTime now) {
  if (!active_ || !active_->wake_at || *active_->wake_at > now) return Work{};
  active_->wake_at.reset();
  return after_role(active_->role.on_time(now), now);
}

std::optional<ReleaseDesk::Silence> ReleaseDesk::take_silence(UtcTime now) {
  if (!active_ || active_->status_sent || active_->begun_at + kStatusAfter > now)
    return std::nullopt;
  active_->status_sent = true;
  const auto silent = active_->role.waiting_for();
  if (silent.empty()) return std::nullopt;
  return Silence{active_->question, silent.front()};
}

std::optional<UtcTime> ReleaseDesk::next_wake() const {
  std::optional<UtcTime> at;
  if (active_) at = active_->wake_at;
  if (active_ && !active_->status_sent) {
    const UtcTime status_at = active_->begun_at + kStatusAfter;
    if (!at || status_at < *at) at = status_at;
  }
  return at;
}

}  // namespace hedgerow::core
