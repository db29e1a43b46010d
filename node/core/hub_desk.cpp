#include "node/core/hub_desk.h"

#include <algorithm>
#include <memory>

#include "crypto/hash.h"
#include "node/audit/receipt.h"
#include "node/core/hub_rows.h"

namespace hedgerow::core {

using protocol::sum::SumHub;

namespace {

constexpr std::chrono::minutes kDeliveryLifetime{60 * 24};
constexpr std::chrono::minutes kNoticeLifetime{60 * 24 * 7};
constexpr std::chrono::minutes kAnswerHashLifetime{60};

UtcTime next_tick(UtcTime now) { return std::chrono::floor<std::chrono::seconds>(now) + kTick; }

}  // namespace

HubDesk::HubDesk(LineageContext& lineage, const KeyDesk& keys, const Environment& environment,
                 const policies::CodeList& codes)
    : lineage_(lineage), keys_(keys), env_(environment), codes_(codes) {}

Result<void> HubDesk::restore(UtcTime now) {
  HR_ASSIGN(const auto waiting, lineage_.store.questions().waiting());
  for (const auto& row : waiting) {
    HR_ASSIGN(const auto outer, protocol::Statement::decode(row.question));
    const UtcTime as_of = std::min(now, outer.header().not_after);
    auto admission = admit_countersigned(lineage_, keys_, row.question, as_of);
    if (!admission.ok() || !admission->permit()) continue;
    OpenQuestion q;
    q.home = admission->asked.home;
    q.countersigned = row.question;
    q.question = admission->question;
    q.permit = *admission->permit();
    q.asker = row.asker;
    q.created_at = row.created_at;
    q.wake_at = now;
    if (!row.answer.empty()) {
      q.answer = row.answer;
      q.answer_hash = sha256_id(row.answer);
      HR_ASSIGN(q.receipts, decode_receipts(row.receipts));
      // With every receipt there, nothing is left to do but to deliver.
      q.stage = has_all_receipts(q) ? Stage::ready : Stage::receipts;
    }
    questions_.emplace(row.id, std::move(q));
  }
  const auto parties = sum_parties(lineage_, env_.keyring.message());
  HR_ASSIGN(const auto roles, lineage_.store.sessions().list(std::string(kHubRoleKind)));
  for (const auto& row : roles) {
    HR_ASSIGN(SumHub role, SumHub::restore(parties, kAskAgain, row.state));
    HR_ASSIGN(const auto question, SessionId::from(*from_hex(row.peer)));
    HR_ASSIGN(const auto period, policies::Period::parse(role.manifest().period));
    active_.emplace(Active{std::move(role), question, period, now, now, false});
  }
  return {};
}

Result<Work> HubDesk::on_message(const Delivery& d, UtcTime now) {
  if (!lineage_.is_hub())
    return culprit_error("a node that is not the hub was sent a hub's message", d.from.str());
  if (d.type == MessageType::ask) return on_ask(d, now);
  if (d.type == MessageType::receipt) return on_receipt(d, now);
  return on_role_message(d, now);
}

Work HubDesk::keep(const SessionId& id, const OpenQuestion& q, store::QuestionStatus status) {
  store::QuestionRecord row;
  row.id = id;
  row.canonical_hash = to_bytes(policies::figures_hash(q.question).view());
  row.status = status;
  row.question = q.countersigned;
  row.answer = q.answer;
  row.receipts = encode_receipts(q.receipts);
  row.created_at = q.created_at;
  row.asker = q.asker;
  Work work;
  work.write([row](store::LineageStore& s) { return s.questions().put(row); });
  return work;
}

Work HubDesk::refuse(const SessionId& id, const PartyId& home, const Error& why) {
  Work work;
  work.message(id, home, MessageType::question_status,
               protocol::QuestionStatus{protocol::QuestionStatus::State::refused, why}.encode(),
               kDeliveryLifetime);
  return work;
}

Work HubDesk::tell_waiting(const SessionId& id, const OpenQuestion& q, const Error& why) {
  Work work;
  work.message(id, q.home, MessageType::question_status,
               protocol::QuestionStatus{protocol::QuestionStatus::State::waiting, why}.encode(),
               kAttemptLifetime);
  return work;
}

Result<Work> HubDesk::on_ask(const Delivery& d, UtcTime now) {
  auto admitted = admit_countersigned(lineage_, keys_, d.body, now);
  if (!admitted.ok()) return refuse(d.session, d.from, admitted.error());
  Admission& admission = *admitted;
  if (admission.asked.id != d.session || admission.asked.home != d.from)
    return culprit_error("a question under another one's id", d.from.str());
  Work work;
  if (const auto it = questions_.find(d.session); it != questions_.end()) {
    // Asked again, with a fresh countersignature: an attempt that failed may be tried anew. Only
    // by the same home node, and only the same question.
    HR_ASSIGN(const auto before, protocol::Statement::decode(it->second.countersigned));
    HR_ASSIGN(const auto again, protocol::Statement::decode(d.body));
    if (d.from != it->second.home || before.body() != again.body())
      return culprit_error("another question under the id of one that waits", d.from.str());
    if (it->second.stage != Stage::waiting) return work;
    it->second.countersigned = d.body;
    HR_ASSIGN(Work next, progress(d.session, it->second, now));
    work.add(std::move(next));
    return work;
  }
  HR_ASSIGN(const auto known, lineage_.store.questions().get(d.session));
  if (known && known->status == store::QuestionStatus::answered) return work;
  work.log.push_back(question_note("question", admission));
  if (!admission.permit()) {
    work.add(refuse(d.session, d.from, admission.denial()));
    return work;
  }
  if (questions_.size() >= kMaxOpenQuestions) {
    work.add(refuse(d.session, d.from, try_again("too many questions wait at the hub")));
    return work;
  }
  OpenQuestion q;
  q.home = d.from;
  q.countersigned = d.body;
  q.question = admission.question;
  q.permit = *admission.permit();
  q.asker = admission.asked.asker.subject().urn();
  q.created_at = now;
  q.wake_at = now + kQuestionLifetime;
  auto& kept = questions_.emplace(d.session, std::move(q)).first->second;
  work.add(keep(d.session, kept, store::QuestionStatus::waiting));
  HR_ASSIGN(Work next, progress(d.session, kept, now));
  work.add(std::move(next));
  return work;
}

Result<Work> HubDesk::progress_all(UtcTime now) {
  Work work;
  for (auto& [id, q] : questions_) {
    if (q.stage != Stage::waiting) continue;
    HR_ASSIGN(Work next, progress(id, q, now));
    work.add(std::move(next));
  }
  return work;
}

// Answers if every period is released; else sees to it that the first missing one is computed.
Result<Work> HubDesk::progress(const SessionId& id, OpenQuestion& q, UtcTime now) {
  for (const auto& period : q.permit.periods) {
    HR_ASSIGN(const auto edition,
              lineage_.store.editions().find(q.permit.grant, q.permit.table, period.label()));
    if (edition) continue;
    if (active_) return Work{};
    return begin_release(id, q, period, now);
  }
  return make_answer(id, q, now);
}

Result<Work> HubDesk::begin_release(const SessionId& id, OpenQuestion& q,
                                    const policies::Period& period, UtcTime now) {
  // Contributors see the question too, and refuse an old countersignature: wait for a fresh one.
  HR_ASSIGN(const auto outer, protocol::Statement::decode(q.countersigned));
  if (outer.header().not_after < now + kAttemptLifetime) return Work{};
  const policies::Grant& grant = *lineage_.agreement.grant(q.permit.grant);
  const policies::Table& table = *grant.table(q.permit.table);
  HR_ASSIGN(const auto space, policies::CellSpace::make(lineage_.agreement, table, codes_));
  HR_ASSIGN(const auto head, lineage_.store.editions().head());

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
  if (head) {
    HR_ASSIGN(m.editions_head, Sha256::from(head->head));
  }
  m.thresholds = {grant.disclosure.min_children, grant.disclosure.min_agencies,
                  grant.disclosure.round_to, grant.disclosure.true_zero};
  HR_ASSIGN(m.attempt, next_attempt(lineage_.store, m.release));
  m.expiry = now + kAttemptLifetime;

  SessionId session;
  env_.rng.fill(session.bytes);
  HR_ASSIGN(
      auto begun,
      SumHub::begin({sum_parties(lineage_, env_.keyring.message()), m, session, kAskAgain}, now));
  HR_ASSIGN(auto links, all_unpublished());
  const Bytes start = protocol::SumStart{q.countersigned, std::move(links)}.encode();
  Work work;
  for (const PartyId& party : m.contributors)
    work.message(session, party, MessageType::sum_start, start, kAttemptLifetime);
  work.write(
      [m, now](store::LineageStore& s) { return keep_attempt(s, m.release, m.attempt, now); });
  active_.emplace(Active{std::move(begun.first), id, period, now, std::nullopt, false});
  HR_ASSIGN(Work next, after_role(std::move(begun.second), now));
  work.add(std::move(next));
  return work;
}

Result<Work> HubDesk::on_role_message(const Delivery& d, UtcTime now) {
  if (!active_ || active_->role.session() != d.session) return Work{};  // of an attempt gone by
  HR_ASSIGN(auto step, active_->role.on_message(d.from, d.type, d.body, now));
  return after_role(std::move(step), now);
}

Result<Work> HubDesk::after_role(protocol::Step step, UtcTime now) {
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
    HR_ASSIGN(Work next, give_up_release(*a.role.failure(), now));
    work.add(std::move(next));
  } else {
    HR_ASSIGN(Work next, finish_release(now));
    work.add(std::move(next));
  }
  return work;
}

// By value: `why` may come from the role that ends here.
Result<Work> HubDesk::give_up_release(Error why, UtcTime now) {
  (void)now;
  const SessionId id = active_->question;
  const auto& m = active_->role.manifest();
  Work work;
  work.note("release.failed", {{"grant", m.grant},
                               {"table", m.table},
                               {"period", m.period},
                               {"attempt", std::to_string(m.attempt)},
                               {"why", why.text},
                               {"party", why.culprit}});
  active_.reset();
  const auto it = questions_.find(id);
  if (it == questions_.end()) return work;
  if (why.code == Code::try_again) {
    work.add(tell_waiting(id, it->second, why));  // it is tried again when it is asked again
    return work;
  }
  work.add(keep(id, it->second, store::QuestionStatus::refused));
  work.add(refuse(id, it->second.home, why));
  questions_.erase(it);
  return work;
}

Result<Work> HubDesk::finish_release(UtcTime now) {
  const protocol::sum::Manifest m = active_->role.manifest();
  const Bytes manifest = active_->role.manifest_statement();
  const policies::Grant& grant = *lineage_.agreement.grant(m.grant);
  const policies::Table& table = *grant.table(m.table);
  HR_ASSIGN(const auto space, policies::CellSpace::make(lineage_.agreement, table, codes_));
  auto edition =
      release(grant, space, m.contributors.size(), std::move(active_->role).take_figures());
  if (!edition.ok()) return give_up_release(edition.error(), now);

  HR_ASSIGN(const auto head, lineage_.store.editions().head());
  protocol::EditionLink link{head ? head->sequence + 1 : 1,    m.grant, m.table, m.period,
                             policies::edition_hash(*edition), {},      {}};
  if (head) {
    HR_ASSIGN(link.previous_head, Sha256::from(head->head));
  }
  link.head = protocol::chain_head(link);
  store::EditionRecord record;
  record.sequence = link.sequence;
  record.grant = m.grant;
  record.table = m.table;
  record.period = m.period;
  record.edition = policies::encode(*edition);
  record.manifest = manifest;
  record.head = to_bytes(link.head.view());
  record.released_at = now;
  active_.reset();

  Work work;
  work.note("release", {{"sequence", std::to_string(link.sequence)},
                        {"grant", m.grant},
                        {"table", m.table},
                        {"period", m.period},
                        {"edition", link.edition.hex()},
                        {"head", link.head.hex()}});
  work.write([record](store::LineageStore& s) { return s.editions().add(record); });
  // What the edition makes possible is looked at once it is durable.
  work.follow.push_back([this, now](const Committed&) { return progress_all(now); });
  return work;
}

Result<protocol::EditionLink> HubDesk::link_of(const store::EditionRecord& e) {
  protocol::EditionLink link{e.sequence, e.grant, e.table, e.period, sha256_id(e.edition), {}, {}};
  if (e.sequence > 1) {
    HR_ASSIGN(const auto before, lineage_.store.editions().get(e.sequence - 1));
    if (!before) return configuration("the chain of released editions has a gap");
    HR_ASSIGN(link.previous_head, Sha256::from(before->head));
  }
  HR_ASSIGN(link.head, Sha256::from(e.head));
  return link;
}

// All editions that not every contributor has given its receipt for, in order.
Result<std::vector<protocol::EditionLink>> HubDesk::all_unpublished() {
  std::vector<protocol::EditionLink> links;
  HR_ASSIGN(const auto head, lineage_.store.editions().head());
  for (std::uint64_t n = head ? head->sequence : 0; n > 0; --n) {
    HR_ASSIGN(const bool published, is_published(lineage_.store, n));
    // What follows a published edition was accepted with it: contributors take them in order.
    if (published || links.size() == protocol::kMaxAnswerEditions) break;
    HR_ASSIGN(const auto e, lineage_.store.editions().get(n));
    if (!e) return configuration("the chain of released editions has a gap");
    HR_ASSIGN(auto link, link_of(*e));
    links.insert(links.begin(), std::move(link));
  }
  return links;
}

// The editions of this answer that not every contributor has given its receipt for.
Result<std::vector<protocol::EditionLink>> HubDesk::unpublished(const OpenQuestion& q) {
  std::vector<protocol::EditionLink> links;
  for (const auto& period : q.permit.periods) {
    HR_ASSIGN(const auto e,
              lineage_.store.editions().find(q.permit.grant, q.permit.table, period.label()));
    HR_CHECK(e.has_value());
    HR_ASSIGN(const bool published, is_published(lineage_.store, e->sequence));
    if (published) continue;
    HR_ASSIGN(auto link, link_of(*e));
    links.push_back(std::move(link));
  }
  std::sort(links.begin(), links.end(),
            [](const auto& a, const auto& b) { return a.sequence < b.sequence; });
  return links;
}

Result<Work> HubDesk::make_answer(const SessionId& id, OpenQuestion& q, UtcTime now) {
  Answer answer;
  answer.question = id;
  answer.countersigned = q.countersigned;
  answer.grant = q.permit.grant;
  answer.grant_line = q.permit.grant_line;
  answer.table = q.permit.table;
  answer.table_line = q.permit.table_line;
  answer.rule_in_words = q.permit.rule_in_words;
  const policies::Table& table = *lineage_.agreement.grant(q.permit.grant)->table(q.permit.table);
  if (table.measure == policies::Measure::reports)
    answer.notes.push_back(
        "reports: an episode that two agencies report is counted once by each of them");
  for (const auto& period : q.permit.periods) {
    HR_ASSIGN(const auto e,
              lineage_.store.editions().find(q.permit.grant, q.permit.table, period.label()));
    AnswerPeriod p;
    p.period = period;
    p.edition_number = e->sequence;
    HR_ASSIGN(p.edition, policies::decode_edition(e->edition));
    for (const PartyId& party : lineage_.agreement.contributors())
      p.parties.push_back({party, "answered"});
    answer.periods.push_back(std::move(p));
  }
  auto body = answer.encode();
  if (!body.ok()) {
    Work work = refuse(id, q.home, body.error());
    work.add(keep(id, q, store::QuestionStatus::refused));
    q.stage = Stage::done;
    return work;
  }
  const auto statement = protocol::Statement::sign(
      env_.keyring.message(), MessageType::answer,
      {lineage_.self, lineage_.id(), lineage_.agreement.hash, id, 0, now + kAnswerValidity},
      std::move(body).value());
  q.answer = statement.encode();
  q.answer_hash = sha256_id(q.answer);

  HR_ASSIGN(auto links, unpublished(q));
  if (!links.empty()) return ask_for_receipts(id, q, std::move(links), now);
  // From a release that everybody has on its log: logged here and at the home node first, and
  // the contributors' logs hear of it through the outbox.
  q.stage = Stage::ready;
  q.wake_at = next_tick(now);
  Work work = keep(id, q, store::QuestionStatus::waiting);
  work.note("answer.served", {{"question", id.hex()}, {"answer", q.answer_hash.hex()}});
  const Bytes served = protocol::Served{q.answer_hash, q.countersigned}.encode();
  for (const PartyId& party : lineage_.agreement.contributors())
    work.message(id, party, MessageType::served, served, kNoticeLifetime);
  return work;
}

Work HubDesk::ask_for_receipts(const SessionId& id, OpenQuestion& q,
                               std::vector<protocol::EditionLink> links, UtcTime now) {
  q.stage = Stage::receipts;
  q.wake_at = now + kReceiptRetry;
  Work work = keep(id, q, store::QuestionStatus::waiting);
  const Bytes body =
      protocol::AnswerHash{q.answer_hash, q.countersigned, std::move(links)}.encode();
  for (const PartyId& party : lineage_.agreement.contributors())
    if (!q.receipts.contains(party))
      work.message(id, party, MessageType::answer_hash, body, kAnswerHashLifetime);
  return work;
}

bool HubDesk::has_all_receipts(const OpenQuestion& q) const {
  const auto contributors = lineage_.agreement.contributors();
  return std::all_of(contributors.begin(), contributors.end(),
                     [&](const PartyId& p) { return q.receipts.contains(p); });
}

Result<Work> HubDesk::on_receipt(const Delivery& d, UtcTime now) {
  const auto it = questions_.find(d.session);
  if (it == questions_.end() || it->second.stage != Stage::receipts) return Work{};
  OpenQuestion& q = it->second;
  HR_ASSIGN(const auto m, protocol::ReceiptMessage::decode(d.body));
  if (m.answer != q.answer_hash) return culprit_error("a receipt for another answer", d.from.str());
  const Peer* peer = lineage_.peers.find(d.from);
  HR_TRY(check_receipt(m.receipt, *peer, q.answer_hash));
  q.receipts[d.from] = m.receipt;
  Work work = keep(d.session, q, store::QuestionStatus::waiting);
  if (!has_all_receipts(q)) return work;
  HR_ASSIGN(const auto links, unpublished(q));
  for (const auto& link : links)
    work.write([sequence = link.sequence, now](store::LineageStore& s) {
      return set_published(s, sequence, now);
    });
  work.note("answer", {{"question", d.session.hex()}, {"answer", q.answer_hash.hex()}});
  q.stage = Stage::ready;
  q.wake_at = next_tick(now);
  return work;
}

Work HubDesk::deliver(const SessionId& id, OpenQuestion& q, UtcTime now) {
  (void)now;
  q.stage = Stage::done;
  Work work = keep(id, q, store::QuestionStatus::answered);
  protocol::AnswerDelivery delivery{q.answer, {}};
  for (const auto& [party, receipt] : q.receipts) delivery.receipts.push_back({party, receipt});
  work.message(id, q.home, MessageType::answer_delivery, delivery.encode(), kDeliveryLifetime);
  return work;
}

Result<Work> HubDesk::on_time(UtcTime now) {
  Work work;
  if (active_ && active_->wake_at && *active_->wake_at <= now) {
    active_->wake_at.reset();
    HR_ASSIGN(Work next, after_role(active_->role.on_time(now), now));
    work.add(std::move(next));
  }
  if (active_ && !active_->status_sent && active_->begun_at + kStatusAfter <= now) {
    active_->status_sent = true;
    const auto silent = active_->role.waiting_for();
    const auto it = questions_.find(active_->question);
    if (!silent.empty() && it != questions_.end())
      work.add(tell_waiting(
          it->first, it->second,
          Error{Code::try_again, "a contributor has not answered yet", silent.front().str(), {}}));
  }
  for (auto& [id, q] : questions_) {
    if (q.wake_at > now) continue;
    if (q.stage == Stage::ready) {
      work.add(deliver(id, q, now));
    } else if (q.stage == Stage::receipts) {
      HR_ASSIGN(auto links, unpublished(q));
      work.add(ask_for_receipts(id, q, std::move(links), now));
    } else if (q.stage == Stage::waiting && now >= q.created_at + kQuestionLifetime) {
      work.add(keep(id, q, store::QuestionStatus::refused));
      work.add(refuse(id, q.home, try_again("the question waited for a day without an answer")));
      q.stage = Stage::done;
    } else if (q.stage == Stage::waiting) {
      q.wake_at = q.created_at + kQuestionLifetime;
      HR_ASSIGN(Work next, progress(id, q, now));
      work.add(std::move(next));
    }
  }
  std::erase_if(questions_, [](const auto& q) { return q.second.stage == Stage::done; });
  return work;
}

std::optional<UtcTime> HubDesk::next_wake() const {
  std::optional<UtcTime> at;
  const auto sooner = [&at](UtcTime t) {
    if (!at || t < *at) at = t;
  };
  for (const auto& [id, q] : questions_) sooner(q.wake_at);
  if (active_ && active_->wake_at) sooner(*active_->wake_at);
  if (active_ && !active_->status_sent) sooner(active_->begun_at + kStatusAfter);
  return at;
}

}  // namespace hedgerow::core
