#include "node/core/contributor_desk.h"

#include <algorithm>
#include <memory>

#include "crypto/hash.h"
#include "node/core/edition_chain.h"
#include "node/core/link_plan.h"
#include "node/core/link_tally.h"
#include "node/core/match_rate.h"
#include "node/core/tally.h"
#include "policies/calendar.h"

namespace hedgerow::core {

using protocol::sum::Manifest;
using protocol::sum::RefusalReason;
using protocol::sum::ReleaseId;
using protocol::sum::SumContributor;

namespace {

constexpr std::string_view kRoleKind = "sum-contributor";
constexpr std::string_view kAttemptKind = "sum-attempt";  // the last attempt joined, by release
constexpr std::string_view kMatchKind = "sum-match-rate";
constexpr std::string_view kAsideKind = "sum-aside";  // this node stood aside, by release
constexpr std::chrono::hours kKeptFor{24 * 366 * 7};
constexpr std::chrono::minutes kStartKeptFor{60};  // longer than any link and its sum may take

WipingBytes wiping_copy(ByteView bytes) { return {bytes.begin(), bytes.end()}; }

SessionId row_of(const ReleaseId& release) { return {release.bytes}; }

Result<std::uint32_t> last_attempt(store::LineageStore& store, const ReleaseId& release) {
  HR_ASSIGN(const auto row, store.sessions().get(row_of(release), std::string(kAttemptKind)));
  if (!row) return std::uint32_t{0};
  Reader r(row->state);
  const std::uint32_t n = r.u32();
  HR_TRY(r.finish("stored attempt"));
  return n;
}

Result<std::optional<protocol::sum::OpenedMarker>> opened_marker(store::LineageStore& store,
                                                                 const ReleaseId& release) {
#ifdef HEDGEROW_PLANT_no_opened_check
  if (HEDGEROW_PLANT_no_opened_check) return std::optional<protocol::sum::OpenedMarker>();
#endif
  HR_ASSIGN(const auto opened, store.attempts().opened(release.view()));
  if (!opened) return std::optional<protocol::sum::OpenedMarker>();
  HR_ASSIGN(const Hash64 roster, Hash64::from(opened->roster_hash));
  return std::optional(protocol::sum::OpenedMarker{release, roster});
}

}  // namespace

ContributorDesk::ContributorDesk(LineageContext& lineage, Exchange& exchange, const KeyDesk& keys,
                                 const Environment& environment, const policies::CodeList& codes)
    : lineage_(lineage),
      exchange_(exchange),
      keys_(keys),
      env_(environment),
      codes_(codes),
      links_(lineage, environment) {}

Result<Work> ContributorDesk::restore(UtcTime now) {
  HR_ASSIGN(const auto rows, lineage_.store.sessions().list(std::string(kRoleKind)));
  const auto parties = sum_parties(lineage_, env_.keyring.message());
  for (const auto& row : rows) {
    HR_ASSIGN(const auto release, ReleaseId::from(*from_hex(row.peer)));
    HR_ASSIGN(const auto marker, opened_marker(lineage_.store, release));
    HR_ASSIGN(SumContributor role, SumContributor::restore(parties, marker, row.state));
    roles_.emplace(row.id, std::move(role));
  }
  HR_ASSIGN(const auto rates, lineage_.store.sessions().list(std::string(kMatchKind)));
  for (const auto& row : rates) match_rates_[row.id] = to_bytes(row.state);
  return links_.restore(now);
}

Result<Work> ContributorDesk::on_message(const Delivery& d, UtcTime now) {
  if (!lineage_.own().roles.contributor)
    return culprit_error("a node that contributes nothing was asked to", d.from.str());
  // Mixers speak to a contributor directly; its role knows which.
  if (d.type != MessageType::link_begin && protocol::is_of_the_link(d.type))
    return links_.on_message(d, now);
  if (d.from != lineage_.agreement.hub)
    return culprit_error("a message that only the hub sends", d.from.str());
  if (d.type == MessageType::sum_start) return on_start(d, now);
  if (d.type == MessageType::sum_standings) return on_standings(d, now);
  if (d.type == MessageType::sum_manifest) return on_manifest(d, now);
  if (d.type == MessageType::link_begin) return on_link_begin(d, now);
  if (d.type == MessageType::answer_hash) return on_answer_hash(d, now);
  if (d.type == MessageType::served) return on_served(d);
  return on_role_message(d, now);
}

Result<Work> ContributorDesk::on_start(const Delivery& d, UtcTime now) {
  std::erase_if(started_, [&](const auto& s) { return s.second.at + kStartKeptFor < now; });
  if (started_.size() >= kMaxOpenReleases)
    return culprit_error("more releases begun than a lineage can have", d.from.str());
  HR_ASSIGN(const auto start, protocol::SumStart::decode(d.body));
  HR_ASSIGN(const Admission admission,
            admit_countersigned(lineage_, keys_, start.countersigned, now,
                                policies::RestrictionScope::askers));
  HR_ASSIGN(Work work, accept_editions(start.editions, now));
  Started started;
  started.at = now;
  started.countersigned = start.countersigned;
  started.context = {lineage_.id(), lineage_.agreement.hash, d.session, {}};
  if (const auto* permit = admission.permit()) {
    started.grant = permit->grant;
    started.table = permit->table;
    for (const auto& p : permit->periods) started.periods.push_back(p.label());
  } else {
    started.denied = admission.denial();
  }
  work.log.push_back(question_note("question", admission));
  const auto& periods = started.periods;
  const bool asked = start.grant == started.grant && start.table == started.table &&
                     std::find(periods.begin(), periods.end(), start.period) != periods.end();
  if (admission.permit() && !asked)
    return culprit_error("a release that was not asked for", d.from.str());
  started.context.release =
      protocol::sum::release_id(lineage_.id(), start.grant, start.table, start.period);
  // The hub computes one release at a time: an earlier beginning of the same one is spent.
  std::erase_if(started_, [&](const auto& other) {
    return other.second.context.release == started.context.release;
  });
  work.add(stand(d, started, admission.permit(), start.period, now));
  started_.insert_or_assign(d.session, std::move(started));
  return work;
}

// A question that this node denies has its refusal when the manifest comes, as before; its standing
// is about the table alone.
Work ContributorDesk::stand(const Delivery& d, Started& started, const policies::Permit* permit,
                            const std::string& period_label, UtcTime now) {
  Work work;
  started.standing = {started.context.release, true, {}};
  if (permit != nullptr) {
    const auto period = policies::Period::parse(period_label);
    HR_CHECK(period.ok());
    const OwnStanding own = own_standing(lineage_, started.context.release, *permit, *period);
    started.standing = own.standing;
    protocol::LogNote note{
        {}, {{"grant", permit->grant}, {"table", permit->table}, {"period", period_label}}};
    if (own.refusal != nullptr) {
      note.kind = "release.aside";
      note.fields.emplace_back("line", std::to_string(own.refusal->line));
      note.fields.emplace_back("why", own.refusal->why);
      work.write([release = started.context.release, now](store::LineageStore& s) {
        return s.sessions().put(
            {row_of(release), std::string(kAsideKind), {}, {}, now + kKeptFor, false});
      });
    } else if (own.standing.thresholds != thresholds_of(permit->rule)) {
      note.kind = "release.raised";
      const policies::Grant& grant = *lineage_.agreement.grant(permit->grant);
      note.fields.emplace_back(
          "rule", policies::rule_in_words(*grant.table(permit->table),
                                          rule_of(own.standing.thresholds), grant.disclosure));
    }
    if (!note.kind.empty()) {
      note.fields.emplace_back("restrictions", lineage_.restrictions->hash.hex());
      work.log.push_back(std::move(note));
    }
  }
  work.message(d.session, d.from, MessageType::sum_standing,
               protocol::sum::sign_standing(env_.keyring.message(), lineage_.self, started.context,
                                            started.standing, now),
               std::chrono::duration_cast<std::chrono::seconds>(protocol::sum::kStandingLifetime));
  return work;
}

Result<Work> ContributorDesk::on_standings(const Delivery& d, UtcTime now) {
  const auto it = started_.find(d.session);
  if (it == started_.end()) return Work{};  // the manifest that follows is refused: not ready
  Started& started = it->second;
  if (started.denied) return Work{};
  const auto parties = sum_parties(lineage_, env_.keyring.message());
  HR_ASSIGN(const auto standings,
            protocol::sum::verify_standings(d.body, lineage_.agreement.contributors(), parties.keys,
                                            parties.hub, started.context, now));
  started.roster = protocol::sum::roster_of(standings);
  started.thresholds =
      thresholds_of(strictest_of(*lineage_.agreement.grant(started.grant), standings));
  return Work{};
}

Result<bool> ContributorDesk::still_stands(const Started& started, const policies::Period& period,
                                           UtcTime now) const {
  HR_ASSIGN(const auto outer, protocol::Statement::decode(started.countersigned));
  const UtcTime as_of = std::min(now, outer.header().not_after);
  const auto admission = admit_countersigned(lineage_, keys_, started.countersigned, as_of,
                                             policies::RestrictionScope::askers);
  if (!admission.ok() || admission->permit() == nullptr) return false;
  return own_standing(lineage_, started.context.release, *admission->permit(), period).standing ==
         started.standing;
}

Result<std::optional<ContributorDesk::Objection>> ContributorDesk::common_objection(
    const Planned& m, const SessionId& session, UtcTime now) {
  const auto no = [](RefusalReason why, std::string text) {
    return std::optional(Objection{why, std::move(text)});
  };
  const auto it = started_.find(session);
  if (it == started_.end())
    return no(RefusalReason::not_ready, "no question came before the manifest");
  const Started& started = it->second;
  if (started.denied)
    return no(
        started.denied->code == Code::try_again ? RefusalReason::not_ready : RefusalReason::denied,
        "this node denies the question");
  if (started.roster.empty())
    return no(RefusalReason::not_ready, "nobody's standing came before the manifest");
  const policies::Grant* grant = lineage_.agreement.grant(m.grant);
  const policies::Table* table = grant == nullptr ? nullptr : grant->table(m.table);
  const auto period = policies::Period::parse(m.period);
  const bool asked =
      std::find(started.periods.begin(), started.periods.end(), m.period) != started.periods.end();
  if (table == nullptr || !period.ok() || period->label() != m.period || !asked ||
      m.grant != started.grant || m.table != started.table)
    return no(RefusalReason::denied, "the manifest is not for the table that was asked for");
  HR_ASSIGN(const bool stands, still_stands(started, *period, now));
  if (!stands)
    return no(RefusalReason::not_ready, "this node's restrictions changed after its standing");
  if (!policies::is_settled(*period, grant->settle_days, now))
    return no(RefusalReason::not_ready, "the period is not settled");
  if (m.thresholds != started.thresholds || m.contributors != started.roster)
    return no(RefusalReason::denied, "the manifest differs from the parties' standings");
  for (const PartyId& party : m.contributors) {
    const auto standing = lineage_.peers.find(party)->check_standing(now);
    if (!standing.ok()) return no(RefusalReason::not_ready, standing.error().text);
  }
  HR_ASSIGN(const Sha256 head, editions_head(lineage_.store));
  if (m.editions_head != head)
    return no(RefusalReason::editions, "the chain of released editions has another head here");
  return std::optional<Objection>();
}

Result<std::optional<ContributorDesk::Objection>> ContributorDesk::objection(
    const Manifest& m, const SessionId& session, UtcTime now) {
  const auto no = [](RefusalReason why, std::string text) {
    return std::optional(Objection{why, std::move(text)});
  };
  HR_ASSIGN(const auto common, common_objection({m.grant, m.table, m.period, m.contributors,
                                                 m.thresholds, m.editions_head},
                                                session, now));
  if (common) return common;
  const policies::Table& table = *lineage_.agreement.grant(m.grant)->table(m.table);
  HR_ASSIGN(const auto space, counted_cells(lineage_.agreement, table, codes_));
  if (m.place_level != policies::to_text(table.place_level) || m.cell_space != space.hash() ||
      m.cells != space.size())
    return no(RefusalReason::denied, "the manifest differs from the agreement");
  if (policies::is_linked(table.question)) {
    HR_ASSIGN(const bool confirmed, link_is_confirmed(m));
    if (!confirmed)
      return no(RefusalReason::not_ready, "no link with this roster was confirmed before");
  }
  HR_ASSIGN(const auto marker, opened_marker(lineage_.store, m.release));
  if (marker) return no(RefusalReason::opened, "this release was opened with another roster");
  return std::optional<Objection>();
}

// The freeze comes first and stays, whatever becomes of the attempt (disclosure.md rule 2).
Result<void> ContributorDesk::freeze(const std::string& grant, const std::string& period,
                                     UtcTime now) {
  HR_ASSIGN(const auto frozen, lineage_.store.records().find_freeze(grant, period));
  if (frozen) return {};
  Work work;
  work.note("period.frozen", {{"grant", grant}, {"period", period}});
  work.write([grant, period, now](store::LineageStore& s) -> Result<void> {
    HR_TRY(s.records().freeze(grant, period, now));
    return {};
  });
  HR_TRY(exchange_.commit(std::move(work), now));
  if (env_.fault_point) env_.fault_point("period_frozen");
  return {};
}

Result<Work> ContributorDesk::on_manifest(const Delivery& d, UtcTime now) {
  const auto parties = sum_parties(lineage_, env_.keyring.message());
  HR_ASSIGN(const auto attempt, protocol::sum::Attempt::read(parties, d.body));
  if (attempt.session() != d.session)
    return culprit_error("a manifest of another session", d.from.str());
  if (roles_.contains(d.session)) return on_role_message(d, now);
  HR_ASSIGN(const auto objection_found, objection(attempt.manifest(), d.session, now));
  if (!objection_found) return take_part(d, attempt.manifest(), now);
  const auto& [reason, text] = *objection_found;
  Work work;
  work.note("release.refused", {{"grant", attempt.manifest().grant},
                                {"table", attempt.manifest().table},
                                {"period", attempt.manifest().period},
                                {"why", std::string(protocol::sum::name_of(reason))}});
  HR_ASSIGN(Outgoing refusal, SumContributor::refusal(parties, d.body, reason, text));
  work.send.push_back({d.session, std::move(refusal)});
  return work;
}

Result<Work> ContributorDesk::take_part(const Delivery& d, const Manifest& m, UtcTime now) {
  const policies::Grant& agreed = *lineage_.agreement.grant(m.grant);
  const policies::Grant grant = with_thresholds(agreed, m.thresholds);
  const policies::Table& table = *grant.table(m.table);
  HR_ASSIGN(const auto period, policies::Period::parse(m.period));
  HR_ASSIGN(const auto space, counted_cells(lineage_.agreement, table, codes_));

  HR_TRY(freeze(m.grant, m.period, now));

  protocol::sum::ContributorSetup setup;
  setup.parties = sum_parties(lineage_, env_.keyring.message());
  setup.manifest = d.body;
  setup.lineage = lineage_.id();
  setup.agreement = lineage_.agreement.hash;
  HR_ASSIGN(setup.editions_head, editions_head(lineage_.store));
  HR_ASSIGN(const std::uint32_t last, last_attempt(lineage_.store, m.release));
  setup.lowest_attempt = last + 1;
  policies::MatchBand match = policies::MatchBand::not_stated;
  if (policies::is_linked(table.question)) {
    HR_ASSIGN(auto counted,
              link_tally(lineage_.store, grant, agreed.disclosure, table, period, space, codes_));
    setup.input = std::move(counted.input);
    match = counted.match;
  } else {
    HR_ASSIGN(auto counted, tally(lineage_.store, grant, table, period, space, codes_));
    setup.input = std::move(counted.input);
    match = counted.match;
  }
  HR_ASSIGN(auto begun, SumContributor::begin(std::move(setup), now, env_.rng));

  Work work = drop_roles_of(m.release);
  work.write([m, now](store::LineageStore& s) {
    Writer w;
    w.u32(m.attempt);
    store::Session row{row_of(m.release),
                       std::string(kAttemptKind),
                       {},
                       wiping_copy(w.data()),
                       now + kKeptFor,
                       false};
    return s.sessions().put(row);
  });
  work.add(keep_match_rate(d.session, m, match, now));
  auto& role = roles_.emplace(d.session, std::move(begun.first)).first->second;
  work.add(after(d.session, role, std::move(begun.second), now));
  return work;
}

// Signed as the rows are counted, since they may not be counted again after a crash.
Work ContributorDesk::keep_match_rate(const SessionId& session, const Manifest& m,
                                      policies::MatchBand band, UtcTime now) {
  const Bytes bytes = sign_match_rate(
      env_.keyring.message(),
      {lineage_.self, lineage_.id(), lineage_.agreement.hash, session, 0, now + kKeptFor},
      m.release, band);
  match_rates_[session] = bytes;
  Work work;
  work.write([session, bytes, now](store::LineageStore& s) {
    return s.sessions().put(
        {session, std::string(kMatchKind), {}, wiping_copy(bytes), now + kKeptFor, false});
  });
  return work;
}

Work ContributorDesk::forget_role(const SessionId& session) {
  wake_.erase(session);
  match_rates_.erase(session);
  Work work;
  work.write([session](store::LineageStore& s) -> Result<void> {
    HR_TRY(s.sessions().remove(session, std::string(kMatchKind)));
    return s.sessions().remove(session, std::string(kRoleKind));
  });
  return work;
}

Work ContributorDesk::drop_roles_of(const ReleaseId& release) {
  Work work;
  for (auto it = roles_.begin(); it != roles_.end();) {
    if (it->second.manifest().release != release) {
      ++it;
      continue;
    }
    work.add(forget_role(it->first));
    it = roles_.erase(it);
  }
  return work;
}

Result<Work> ContributorDesk::on_role_message(const Delivery& d, UtcTime now) {
  const auto it = roles_.find(d.session);
  if (it == roles_.end()) return Work{};  // of an attempt that is over
  HR_ASSIGN(auto step, it->second.on_message(d.from, d.type, d.body, now, env_.rng));
  return after(d.session, it->second, std::move(step), now);
}

Work ContributorDesk::after(const SessionId& session, SumContributor& role, protocol::Step step,
                            UtcTime now) {
  Work work;
  work.log = std::move(step.log);
  for (Outgoing& m : step.send) {
    // Before the opening, which may end the hub's attempt.
    if (m.type == MessageType::sum_opening && match_rates_.contains(session))
      work.send.push_back(
          {session, {m.to, MessageType::sum_match_rate, match_rates_[session], m.lifetime}});
    work.send.push_back({session, std::move(m)});
  }
  // A step that names no time, as on a message that came twice, leaves the one that was set.
  if (step.wake_at) wake_[session] = *step.wake_at;
  const ReleaseId release = role.manifest().release;
  if (role.finished()) {
    work.add(forget_role(session));
    roles_.erase(session);
    return work;
  }
  if (step.state) {
    auto row = std::make_shared<store::Session>();
    row->id = session;
    row->kind = kRoleKind;
    row->peer = release.hex();
    row->state = wiping_copy(step.state->expose());
    row->not_after = now + kKeptFor;
    work.write([row](store::LineageStore& s) { return s.sessions().put(*row); });
  }
  if (const auto opened = role.opened()) {
    work.write([session, opened](store::LineageStore& s) -> Result<void> {
      HR_ASSIGN(const auto known, s.attempts().opened(opened->release.view()));
      if (known && known->attempt == session) return {};
#ifdef HEDGEROW_PLANT_no_opened_check
      if (known && HEDGEROW_PLANT_no_opened_check) return {};
#endif
      store::AttemptRecord record;
      record.release = to_bytes(opened->release.view());
      record.attempt = session;
      record.state = store::AttemptState::opened;
      record.roster_hash = to_bytes(opened->roster.view());
      return s.attempts().put(record);
    });
  }
  return work;
}

Work ContributorDesk::on_time(UtcTime now) {
  std::vector<SessionId> due;
  for (const auto& [session, at] : wake_)
    if (at <= now) due.push_back(session);
  Work work = links_.on_time(now);
  for (const SessionId& session : due) {
    wake_.erase(session);
    const auto it = roles_.find(session);
    if (it != roles_.end()) work.add(after(session, it->second, it->second.on_time(now), now));
  }
  return work;
}

std::optional<UtcTime> ContributorDesk::next_wake() const {
  std::optional<UtcTime> at = links_.next_wake();
  for (const auto& [session, t] : wake_)
    if (!at || t < *at) at = t;
  return at;
}

// Each link must follow the head known here, and be of a release that this node has opened.
Result<Work> ContributorDesk::accept_editions(const std::vector<protocol::EditionLink>& links,
                                              UtcTime now) {
  Work work;
  HR_ASSIGN(const auto stored, lineage_.store.editions().head());
  std::uint64_t sequence = stored ? stored->sequence : 0;
  HR_ASSIGN(Sha256 head, editions_head(lineage_.store));
  const std::string hub = lineage_.agreement.hub.str();
  for (const auto& link : links) {
    if (protocol::chain_head(link) != link.head)
      return culprit_error("a link of the chain of editions with a wrong head", hub);
    if (link.sequence <= sequence) {
      HR_ASSIGN(const auto known, lineage_.store.editions().get(link.sequence));
      if (!known || known->head != to_bytes(link.head.view()))
        return culprit_error("a released edition differs from the one known here", hub);
      continue;
    }
    if (link.sequence != sequence + 1 || link.previous_head != head)
      return culprit_error("a released edition does not follow the chain known here", hub);
    const ReleaseId release =
        protocol::sum::release_id(lineage_.id(), link.grant, link.table, link.period);
    HR_ASSIGN(const auto marker, opened_marker(lineage_.store, release));
    HR_ASSIGN(const auto aside,
              lineage_.store.sessions().get(row_of(release), std::string(kAsideKind)));
    if (!marker && !aside)
      return culprit_error("a released edition that this node never opened", hub);
    store::EditionRecord record;
    record.sequence = link.sequence;
    record.grant = link.grant;
    record.table = link.table;
    record.period = link.period;
    record.edition = to_bytes(link.edition.view());
    record.head = to_bytes(link.head.view());
    record.released_at = now;
    work.write([record](store::LineageStore& s) { return s.editions().add(record); });
    work.note("edition", {{"sequence", std::to_string(link.sequence)},
                          {"grant", link.grant},
                          {"table", link.table},
                          {"period", link.period},
                          {"edition", link.edition.hex()},
                          {"head", link.head.hex()}});
    work.add(drop_roles_of(release));
    sequence = link.sequence;
    head = link.head;
  }
  return work;
}

}  // namespace hedgerow::core
