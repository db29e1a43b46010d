#include "node/core/hub_desk.h"

#include <algorithm>
#include <memory>

#include "crypto/hash.h"
#include "node/core/edition_chain.h"
#include "node/core/hub_rows.h"

namespace hedgerow::core {

namespace {

constexpr std::chrono::minutes kDeliveryLifetime{60 * 24};
constexpr std::chrono::minutes kNoticeLifetime{60 * 24 * 7};
constexpr std::chrono::minutes kAnswerHashLifetime{60};

// As planned and signed by this hub.
Result<protocol::sum::Manifest> manifest_of(const store::EditionRecord& edition) {
  HR_ASSIGN(const auto statement, protocol::Statement::decode(edition.manifest));
  return protocol::sum::Manifest::decode(statement.body());
}

UtcTime next_tick(UtcTime now) { return std::chrono::floor<std::chrono::seconds>(now) + kTick; }

}  // namespace

HubDesk::HubDesk(LineageContext& lineage, const KeyDesk& keys, const Environment& environment,
                 const policies::CodeList& codes)
    : lineage_(lineage), keys_(keys), env_(environment), releases_(lineage, environment, codes) {}

Result<Work> HubDesk::restore(UtcTime now) {
  HR_ASSIGN(const auto waiting, lineage_.store.questions().waiting());
  Work work;
  for (const auto& row : waiting) {
    HR_ASSIGN(const auto outer, protocol::Statement::decode(row.question));
    const UtcTime as_of = std::min(now, outer.header().not_after);
    auto admission = admit_countersigned(
        lineage_, keys_, row.question, as_of,
        row.answer.empty() ? policies::RestrictionScope::all : policies::RestrictionScope::none,
        AdmitAs::recorded);
    if (!admission.ok() || !admission->permit()) {
      const Error why = admission.ok() ? admission->denial() : admission.error();
      work.note("question.refused",
                {{"question", row.id.hex()}, {"why", why.text}, {"party", why.culprit}});
      work.write([refused = row](store::LineageStore& s) mutable {
        refused.status = store::QuestionStatus::refused;
        return s.questions().put(refused);
      });
      work.add(refuse(row.id, outer.header().sender, why));
      continue;
    }
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
  HR_ASSIGN(Work dropped, releases_.restore(now));
  work.add(std::move(dropped));
  return work;
}

Result<Work> HubDesk::on_message(const Delivery& d, UtcTime now) {
  if (!lineage_.is_hub())
    return culprit_error("a node that is not the hub was sent a hub's message", d.from.str());
  if (d.type == MessageType::ask) return on_ask(d, now);
  if (d.type == MessageType::receipt) return on_receipt(d, now);
  return after_release(releases_.on_message(d, now), now);
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
  auto admitted =
      admit_countersigned(lineage_, keys_, d.body, now, policies::RestrictionScope::all);
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
  const auto of_this_home = std::count_if(questions_.begin(), questions_.end(),
                                          [&](const auto& q) { return q.second.home == d.from; });
  if (questions_.size() >= kMaxOpenQuestions ||
      of_this_home >= static_cast<std::ptrdiff_t>(kMaxOpenOfOneHome)) {
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

// Whose certificates must count for a release of the table.
std::vector<PartyId> HubDesk::needed_for(const policies::Permit& permit) const {
  std::vector<PartyId> parties = lineage_.agreement.contributors();
  if (lineage_.agreement.grant(permit.grant)->table(permit.table)->link)
    for (const PartyId& mixer : lineage_.agreement.mixers()) parties.push_back(mixer);
  return parties;
}

// Answers if every period is released; else sees to it that the first missing one is computed.
Result<Work> HubDesk::progress(const SessionId& id, OpenQuestion& q, UtcTime now) {
  for (const auto& period : q.permit.periods) {
    HR_ASSIGN(const auto edition,
              lineage_.store.editions().find(q.permit.grant, q.permit.table, period.label()));
    if (edition) continue;
    if (releases_.is_busy_but_for(
            protocol::release_id(lineage_.id(), q.permit.grant, q.permit.table, period.label())))
      return Work{};
    for (const PartyId& party : needed_for(q.permit)) {
      const auto standing = lineage_.peers.find(party)->check_standing(now);
      if (standing.ok()) continue;
      Error why = standing.error();
      why.code = Code::try_again;
      return tell_waiting(id, q, why);
    }
    return after_release(releases_.begin(id, q.countersigned, q.permit, period, now), now);
  }
  return make_answer(id, q, now);
}

// What the release desk did, and what its end means for the question it was made for.
Result<Work> HubDesk::after_release(Result<Work> done, UtcTime now) {
  if (!done.ok()) return done;
  Work work = std::move(done).value();
  const auto ended = releases_.take_ended();
  if (!ended) return work;
  if (!ended->failure) {
    // What the edition makes possible is looked at once it is durable.
    work.follow.push_back([this, now](const Committed&) { return progress_all(now); });
    return work;
  }
  const auto it = questions_.find(ended->question);
  if (it == questions_.end()) return work;
  const Error& why = *ended->failure;
  if (why.code == Code::try_again) {
    work.add(tell_waiting(it->first, it->second, why));  // tried again when it is asked again
    return work;
  }
  work.add(keep(it->first, it->second, store::QuestionStatus::refused));
  work.add(refuse(it->first, it->second.home, why));
  it->second.stage = Stage::done;  // removed on time: the caller may be going through them
  it->second.wake_at = now;
  return work;
}

Result<std::vector<protocol::EditionLink>> HubDesk::unpublished_of(const OpenQuestion& q) {
  return unpublished_links(lineage_.store, q.permit.grant, q.permit.table, q.permit.periods);
}

Result<AnswerPeriod> HubDesk::answer_period(const policies::Permit& permit,
                                            const policies::Period& period) {
  HR_ASSIGN(const auto e,
            lineage_.store.editions().find(permit.grant, permit.table, period.label()));
  HR_CHECK(e.has_value());
  HR_ASSIGN(auto rates, match_rates_of(lineage_.store,
                                       protocol::sum::release_id(lineage_.id(), permit.grant,
                                                                 permit.table, period.label())));
  AnswerPeriod p;
  p.period = period;
  p.edition_number = e->sequence;
  HR_ASSIGN(p.edition, policies::decode_edition(e->edition));
  HR_ASSIGN(const auto manifest, manifest_of(*e));
  for (const PartyId& party : lineage_.agreement.contributors()) {
    const auto& in = manifest.contributors;
    const bool took_part = std::find(in.begin(), in.end(), party) != in.end();
    p.parties.push_back({party, std::string(took_part ? kAnswered : kStoodAside),
                         took_part ? std::move(rates[party]) : Bytes()});
  }
  return p;
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
  for (const auto& period : q.permit.periods) {
    HR_ASSIGN(auto p, answer_period(q.permit, period));
    answer.periods.push_back(std::move(p));
  }
  const policies::Grant& grant = *lineage_.agreement.grant(q.permit.grant);
  answer.notes = notes_of(answer, *grant.table(q.permit.table), grant.disclosure);
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

  HR_ASSIGN(auto links, unpublished_of(q));
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
  HR_ASSIGN(const auto links, unpublished_of(q));
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
  // What this node says to itself is lost in a crash, so its own question counts as answered only
  // when the home desk has logged the answer as received.
  Work work;
  if (q.home != lineage_.self) work = keep(id, q, store::QuestionStatus::answered);
  protocol::AnswerDelivery delivery{q.answer, {}};
  for (const auto& [party, receipt] : q.receipts) delivery.receipts.push_back({party, receipt});
  work.message(id, q.home, MessageType::answer_delivery, delivery.encode(), kDeliveryLifetime);
  return work;
}

Result<Work> HubDesk::on_time(UtcTime now) {
  HR_ASSIGN(Work work, after_release(releases_.on_time(now), now));
  if (const auto silence = releases_.take_silence(now)) {
    const auto it = questions_.find(silence->question);
    if (it != questions_.end())
      work.add(tell_waiting(
          it->first, it->second,
          Error{Code::try_again, "a party has not answered yet", silence->party.str(), {}}));
  }
  for (auto& [id, q] : questions_) {
    if (q.wake_at > now) continue;
    if (q.stage == Stage::ready) {
      work.add(deliver(id, q, now));
    } else if (q.stage == Stage::receipts && now >= q.created_at + kQuestionLifetime) {
      // What it computed stays, unpublished; the next question on the period carries it.
      q.answer.clear();
      work.add(keep(id, q, store::QuestionStatus::refused));
      work.add(
          refuse(id, q.home, try_again("not every contributor confirmed the answer in a day")));
      q.stage = Stage::done;
    } else if (q.stage == Stage::receipts) {
      HR_ASSIGN(auto links, unpublished_of(q));
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

Work HubDesk::drop_revoked(UtcTime now) {
  Work work;
  for (auto& [id, q] : questions_) {
    if (q.stage == Stage::done) continue;
    const Peer& home = *lineage_.peers.find(q.home);
    auto standing = home.has_revoked(home.node) ? home.check_standing(now) : Result<void>();
    const auto asker = asker_of(q.countersigned);
    if (standing.ok() && asker.ok()) standing = check_asker(lineage_, *asker, now);
    if (standing.ok()) continue;
    const Error& why = standing.error();
    work.note("question.refused",
              {{"question", id.hex()}, {"why", why.text}, {"party", why.culprit}});
    work.add(keep(id, q, store::QuestionStatus::refused));
    work.add(refuse(id, q.home, why));
    q.stage = Stage::done;  // removed on time
    q.wake_at = now;
  }
  return work;
}

std::optional<UtcTime> HubDesk::next_wake() const {
  std::optional<UtcTime> at;
  const auto sooner = [&at](UtcTime t) {
    if (!at || t < *at) at = t;
  };
  for (const auto& [id, q] : questions_) sooner(q.wake_at);
  if (const auto release = releases_.next_wake()) sooner(*release);
  return at;
}

}  // namespace hedgerow::core
