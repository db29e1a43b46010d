#include "node/core/release_desk.h"

#include <algorithm>

#include "crypto/hash.h"
#include "node/core/edition_chain.h"
#include "node/core/hub_rows.h"
#include "node/core/link_plan.h"
#include "node/core/match_rate.h"
#include "protocol/answering.h"

namespace hedgerow::core {

using protocol::sum::ReleaseId;
using protocol::sum::SumHub;

namespace {

// The node's own failure, not a party's: it stops.
bool is_fatal_here(const Error& error) {
  return error.code == Code::internal || error.code == Code::configuration;
}

}  // namespace

Result<Work> ReleaseDesk::restore(UtcTime now) {
  Work dropped;
  const auto parties = sum_parties(lineage_, env_.keyring.message());
  HR_ASSIGN(const auto roles, lineage_.store.sessions().list(std::string(kHubRoleKind)));
  for (const auto& row : roles) {
    HR_ASSIGN(SumHub role, SumHub::restore(parties, kAskAgain, row.state));
    HR_ASSIGN(const auto question, SessionId::from(*from_hex(row.peer)));
    HR_ASSIGN(auto rates, match_rates_of(lineage_.store, role.manifest().release));
    const auto& m = role.manifest();
    const policies::Grant* grant = lineage_.agreement.grant(m.grant);
    const policies::Table* table = grant == nullptr ? nullptr : grant->table(m.table);
    const bool linked = table != nullptr && table->link.has_value();
    // What its link counted is gone. Nobody has opened: a whole new attempt is as good.
    if (linked && role.phase() != SumHub::Phase::openings) {
      const SessionId session = row.id;
      dropped.write([session](store::LineageStore& s) {
        return s.sessions().remove(session, std::string(kHubRoleKind));
      });
      continue;
    }
    active_.emplace(Active{std::move(role), question, now, now, false, std::move(rates), linked});
  }
  return dropped;
}

bool ReleaseDesk::is_busy_but_for(const protocol::ReleaseId& release) const {
  if (gathering_ || link_.is_active()) return true;
  return active_ && !(active_->held && active_->role.manifest().release == release);
}

// Everybody's standing is known: the roster and the thresholds follow from it.
Result<protocol::sum::Manifest> ReleaseDesk::plan(UtcTime now) {
  const Gathering& g = *gathering_;
  const policies::Grant& grant = *lineage_.agreement.grant(g.permit.grant);
  const policies::Table& table = *grant.table(g.permit.table);
  HR_ASSIGN(const auto space, counted_cells(lineage_.agreement, table, codes_));

  protocol::sum::Manifest m;
  m.release = g.context.release;
  m.lineage = lineage_.id();
  m.agreement = lineage_.agreement.hash;
  m.grant = grant.id;
  m.table = table.name;
  m.period = g.period.label();
  m.place_level = std::string(policies::to_text(table.place_level));
  m.cell_space = space.hash();
  m.cells = static_cast<std::uint32_t>(space.size());
  m.contributors = protocol::sum::roster_of(g.standings);
  HR_ASSIGN(m.editions_head, editions_head(lineage_.store));
  m.thresholds = thresholds_of(strictest_of(grant, g.standings));
  HR_ASSIGN(m.attempt, next_attempt(lineage_.store, m.release));
  m.expiry = now + kAttemptLifetime;
  return m;
}

Result<Work> ReleaseDesk::begin(const SessionId& question, ByteView countersigned,
                                const policies::Permit& permit, const policies::Period& period,
                                UtcTime now) {
  HR_CHECK(!is_busy_but_for(
      protocol::release_id(lineage_.id(), permit.grant, permit.table, period.label())));
  HR_ASSIGN(const auto outer, protocol::Statement::decode(countersigned));
  if (outer.header().not_after < now + kAttemptLifetime) return Work{};
  Gathering g;
  env_.rng.fill(g.context.session.bytes);
  g.context.lineage = lineage_.id();
  g.context.agreement = lineage_.agreement.hash;
  g.context.release =
      protocol::sum::release_id(lineage_.id(), permit.grant, permit.table, period.label());
  g.question = question;
  g.permit = permit;
  g.period = period;
  g.begun_at = now;
  g.gives_up_at = now + kAttemptLifetime;
  HR_ASSIGN(auto links, unpublished_links(lineage_.store));
  const Bytes start = protocol::SumStart{to_bytes(countersigned), std::move(links), permit.grant,
                                         permit.table, period.label()}
                          .encode();
  Work work;
  for (const PartyId& party : lineage_.agreement.contributors())
    work.message(g.context.session, party, MessageType::sum_start, start, kAttemptLifetime);
  gathering_ = std::move(g);
  return work;
}

Result<Work> ReleaseDesk::on_message(const Delivery& d, UtcTime now) {
  if (d.type == MessageType::sum_standing) return on_standing(d, now);
  if (protocol::is_of_the_link(d.type)) {
    HR_ASSIGN(Work work, link_.on_message(d, now));
    return after_link(std::move(work), now);
  }
  // A held sum is asked for again once its link has counted; what comes before that waits.
  if (!active_ || active_->held || active_->role.session() != d.session) return Work{};
  if (d.type == MessageType::sum_match_rate) return on_match_rate(d, now);
  HR_ASSIGN(auto step, active_->role.on_message(d.from, d.type, d.body, now));
  return after_role(std::move(step), now);
}

Result<Work> ReleaseDesk::on_standing(const Delivery& d, UtcTime now) {
  if (!gathering_ || gathering_->context.session != d.session || gathering_->linking) return Work{};
  Gathering& g = *gathering_;
  const auto contributors = lineage_.agreement.contributors();
  if (std::find(contributors.begin(), contributors.end(), d.from) == contributors.end())
    return culprit_error("a standing of a party that contributes nothing", d.from.str());
  const Peer* peer = lineage_.peers.find(d.from);
  HR_ASSIGN(const auto standing,
            protocol::sum::verify_standing(d.body, d.from, peer->keys().message, g.context, now));
  // The first one counts: another from the same party would make two lists possible.
  if (!g.standings.emplace(d.from, standing).second) return Work{};
  g.statements.emplace(d.from, d.body);
  if (g.standings.size() < contributors.size()) return Work{};
  auto begun = begin_attempt(now);
  if (begun.ok() || is_fatal_here(begun.error())) return begun;
  return give_up_gathering(std::move(begun).error());
}

std::optional<Error> ReleaseDesk::too_few() const {
  const auto& all = gathering_->standings;
  if (protocol::sum::roster_of(all).size() >= protocol::sum::kMinContributors) return std::nullopt;
  const auto aside =
      std::find_if(all.begin(), all.end(), [](const auto& s) { return !s.second.takes_part; });
  HR_CHECK(aside != all.end());
  return Error{Code::denied, "too few contributors take part: standing restriction",
               aside->first.str(),
               "a release needs " + std::to_string(protocol::sum::kMinContributors)};
}

Result<Work> ReleaseDesk::begin_attempt(UtcTime now) {
  if (auto why = too_few()) return give_up_gathering(std::move(*why));
  const Gathering& g = *gathering_;
  protocol::sum::StandingList list;
  for (const auto& [party, statement] : g.statements) list.statements.push_back(statement);
  const Bytes standings = list.encode();
  Work work;
  for (const PartyId& party : protocol::sum::roster_of(g.standings))
    work.message(g.context.session, party, MessageType::sum_standings, standings, kAttemptLifetime);
  const bool linked =
      lineage_.agreement.grant(g.permit.grant)->table(g.permit.table)->link.has_value();
  HR_ASSIGN(Work next, linked ? begin_link(now) : begin_sum(now));
  work.add(std::move(next));
  return work;
}

Result<Work> ReleaseDesk::begin_link(UtcTime now) {
  Gathering& g = *gathering_;
  const policies::Grant& grant = *lineage_.agreement.grant(g.permit.grant);
  HR_ASSIGN(auto plan, link_plan(lineage_, grant, *grant.table(g.permit.table), g.period, codes_));
  plan.contributors = protocol::sum::roster_of(g.standings);
  plan.thresholds = thresholds_of(strictest_of(grant, g.standings));
  HR_ASSIGN(plan.editions_head, editions_head(lineage_.store));
  if (active_) {
    const auto& m = active_->role.manifest();
    if (m.contributors != plan.contributors || m.thresholds != plan.thresholds)
      return give_up_gathering(
          try_again("the parties' standings are others than when this release was begun"));
  }
  HR_ASSIGN(plan.id.attempt, next_attempt(lineage_.store, plan.id.release));
  plan.expiry = now + link_lifetime(plan);
  Work work;
  work.write([id = plan.id, now](store::LineageStore& s) {
    return keep_attempt(s, id.release, id.attempt, now);
  });
  HR_ASSIGN(Work begun, link_.begin(plan, g.context.session, now));
  g.linking = true;
  work.add(std::move(begun));
  return after_link(std::move(work), now);
}

// What a step of the link came to.
Result<Work> ReleaseDesk::after_link(Work work, UtcTime now) {
  auto ended = link_.take_ended();
  if (!ended) return work;
  HR_CHECK(gathering_ && gathering_->linking);
  if (ended->failure) {
    work.add(give_up_gathering(std::move(*ended->failure)));
    return work;
  }
  counted_ = std::move(*ended->figures);
  if (active_) {
    work.add(take_up_held(now));
    return work;
  }
  auto next = begin_sum(now);
  if (!next.ok() && is_fatal_here(next.error())) return next;
  work.add(next.ok() ? std::move(next).value() : give_up_gathering(std::move(next).error()));
  return work;
}

// Counted anew, the companion sum goes on where it was when the node ended.
Work ReleaseDesk::take_up_held(UtcTime now) {
  active_->held = false;
  active_->question = gathering_->question;
  active_->begun_at = now;
  active_->wake_at = now;
  gathering_.reset();
  return {};
}

Result<Work> ReleaseDesk::begin_sum(UtcTime now) {
  HR_ASSIGN(const auto m, plan(now));
  const SessionId session = gathering_->context.session;
  HR_ASSIGN(
      auto begun,
      SumHub::begin({sum_parties(lineage_, env_.keyring.message()), m, session, kAskAgain}, now));
  Work work;
  work.write(
      [m, now](store::LineageStore& s) { return keep_attempt(s, m.release, m.attempt, now); });
  active_.emplace(Active{std::move(begun.first),
                         gathering_->question,
                         now,
                         std::nullopt,
                         gathering_->status_sent,
                         {},
                         false});
  gathering_.reset();
  HR_ASSIGN(Work next, after_role(std::move(begun.second), now));
  work.add(std::move(next));
  return work;
}

Work ReleaseDesk::give_up_gathering(Error why) {
  Work work;
  work.note("release.failed", {{"grant", gathering_->permit.grant},
                               {"table", gathering_->permit.table},
                               {"period", gathering_->period.label()},
                               {"why", why.text},
                               {"party", why.culprit}});
  ended_ = Ended{gathering_->question, std::move(why)};
  gathering_.reset();
  return work;
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
  // A step that names no time, as on a message that came twice, leaves the one that was set.
  if (step.wake_at) a.wake_at = step.wake_at;
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
  counted_.reset();
  return work;
}

// Of a sum its figures; of a link what it counted, with its companion sum's. The companion counts
// the same entries: what reached the hub must be all of them, and no others.
Result<policies::Edition> ReleaseDesk::make_edition(const protocol::sum::Manifest& m) {
  const policies::Grant& agreed = *lineage_.agreement.grant(m.grant);
  const policies::Grant grant = with_thresholds(agreed, m.thresholds);
  const policies::Table& table = *grant.table(m.table);
  HR_ASSIGN(const auto space, policies::CellSpace::make(lineage_.agreement, table, codes_));
  auto sums = std::move(active_->role).take_figures();
  if (!table.link) return release(grant, space, m.contributors.size(), std::move(sums));
  if (!counted_) return internal("a companion sum ended without what its link counted");
  return release_link(grant, agreed.disclosure, lineage_.agreement, table, space, m.contributors,
                      std::move(*counted_), std::move(sums));
}

Result<Work> ReleaseDesk::finish(UtcTime now) {
  const protocol::sum::Manifest m = active_->role.manifest();
  store::EditionRecord record;
  record.manifest = active_->role.manifest_statement();
  auto edition = make_edition(m);
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
  counted_.reset();

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

std::vector<PartyId> ReleaseDesk::silent_parties() const {
  if (link_.is_active()) return link_.waiting_for();
  if (active_ && !active_->held) return active_->role.waiting_for();
  std::vector<PartyId> silent;
  if (gathering_)
    for (const PartyId& party : lineage_.agreement.contributors())
      if (!gathering_->standings.contains(party)) silent.push_back(party);
  return silent;
}

Result<Work> ReleaseDesk::on_time(UtcTime now) {
  if (gathering_ && gathering_->linking) return after_link(link_.on_time(now), now);
  if (gathering_ && gathering_->gives_up_at <= now) {
    const auto silent = silent_parties();
    return give_up_gathering(
        {Code::try_again, "a contributor did not answer in time", silent.front().str(), {}});
  }
  if (!active_ || active_->held || !active_->wake_at || *active_->wake_at > now) return Work{};
  active_->wake_at.reset();
  return after_role(active_->role.on_time(now), now);
}

std::optional<ReleaseDesk::Silence> ReleaseDesk::take_silence(UtcTime now) {
  const bool summing = active_ && !active_->held;
  if (!gathering_ && !summing) return std::nullopt;
  bool& sent = gathering_ ? gathering_->status_sent : active_->status_sent;
  const UtcTime begun_at = gathering_ ? gathering_->begun_at : active_->begun_at;
  if (sent || begun_at + kStatusAfter > now) return std::nullopt;
  sent = true;
  const auto silent = silent_parties();
  if (silent.empty()) return std::nullopt;
  return Silence{gathering_ ? gathering_->question : active_->question, silent.front()};
}

std::optional<UtcTime> ReleaseDesk::next_wake() const {
  std::optional<UtcTime> at;
  const auto sooner = [&at](UtcTime t) {
    if (!at || t < *at) at = t;
  };
  const bool summing = active_ && !active_->held;
  if (summing && active_->wake_at) sooner(*active_->wake_at);
  if (summing && !active_->status_sent) sooner(active_->begun_at + kStatusAfter);
  if (const auto link = link_.next_wake()) sooner(*link);
  if (gathering_ && !gathering_->linking) sooner(gathering_->gives_up_at);
  if (gathering_ && !gathering_->status_sent) sooner(gathering_->begun_at + kStatusAfter);
  return at;
}

}  // namespace hedgerow::core
