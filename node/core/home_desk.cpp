#include "node/core/home_desk.h"

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "crypto/hash.h"
#include "node/core/hub_rows.h"
#include "node/core/match_rate.h"
#include "node/import/nhs_number.h"

namespace hedgerow::core {

HomeDesk::HomeDesk(LineageContext& lineage, const KeyDesk& keys, const Environment& environment,
                   const policies::CodeList& codes)
    : lineage_(lineage), keys_(keys), env_(environment), codes_(codes) {}

Result<Work> HomeDesk::restore(UtcTime now) {
  HR_ASSIGN(const auto rows, lineage_.store.questions().waiting());
  Work work;
  for (const auto& row : rows) {
    Bytes statement = row.question;
    if (lineage_.is_hub()) {  // its rows are the hub desk's, which hold the countersigned question
      HR_ASSIGN(const auto outer, protocol::Statement::decode(row.question));
      if (outer.header().sender != lineage_.self) continue;
      statement = outer.body();
    }
    auto admission = admit_own(lineage_, keys_, statement, row.created_at, AdmitAs::recorded);
    if (!admission.ok() || !admission->permit()) {
      const Error why = admission.ok() ? admission->denial() : admission.error();
      // The hub desk ends its own; what may be worth trying again is looked at once more, at the
      // next start.
      if (lineage_.is_hub() || why.code == Code::try_again) continue;
      work.note("question.refused", {{"question", row.id.hex()}, {"why", why.text}});
      work.write([refused = row](store::LineageStore& s) mutable {
        refused.status = store::QuestionStatus::refused;
        return s.questions().put(refused);
      });
      continue;
    }
    const policies::Permit permit = *admission->permit();
    waiting_.emplace(row.id, Waiting{std::move(admission->asked),
                                     std::move(admission->question),
                                     permit,
                                     row.created_at,
                                     now,
                                     {}});
  }
  return work;
}

Work HomeDesk::keep(const Waiting& w, store::QuestionStatus status, Bytes answer, Bytes receipts) {
  Work work;
  if (lineage_.is_hub()) return work;
  store::QuestionRecord row;
  row.id = w.asked.id;
  row.canonical_hash = to_bytes(policies::figures_hash(w.question).view());
  row.status = status;
  row.question = w.asked.statement;
  row.answer = std::move(answer);
  row.receipts = std::move(receipts);
  row.created_at = w.created_at;
  row.asker = w.asked.asker.subject().urn();
  work.write([row](store::LineageStore& s) { return s.questions().put(row); });
  return work;
}

// At the hub the row is the hub desk's, which leaves the end of an answered question to this desk.
Work HomeDesk::end_at_hub(const SessionId& id, store::QuestionStatus status) {
  Work work;
  work.write([id, status](store::LineageStore& s) -> Result<void> {
    HR_ASSIGN(auto row, s.questions().get(id));
    HR_CHECK(row.has_value());
    row->status = status;
    return s.questions().put(*row);
  });
  return work;
}

// The hub signed an answer after this desk had given the question up: nobody is shown it.
Result<Work> HomeDesk::refuse_at_hub(const SessionId& id) {
  HR_ASSIGN(const auto row, asked_here(id));
  if (!row || row->status != store::QuestionStatus::waiting) return Work{};
  Work work = end_at_hub(id, store::QuestionStatus::refused);
  work.note("question.refused",
            {{"question", id.hex()}, {"why", "given up before it was answered"}, {"party", ""}});
  return work;
}

// The hub's rows are of every home.
Result<std::optional<store::QuestionRecord>> HomeDesk::asked_here(const SessionId& id) {
  HR_ASSIGN(auto row, lineage_.store.questions().get(id));
  if (row && lineage_.is_hub()) {
    HR_ASSIGN(const auto outer, protocol::Statement::decode(row->question));
    if (outer.header().sender != lineage_.self) row.reset();
  }
  return row;
}

// Nobody would listen, or answer. What has run out may be renewed while a question waits.
Result<void> HomeDesk::check_nodes(UtcTime now) const {
  HR_TRY(lineage_.peers.find(lineage_.self)->check_standing(now));
  return lineage_.peers.find(lineage_.agreement.hub)->check_standing(now);
}

// The question ends without an answer, and whoever waits for it is told why.
Work HomeDesk::end(const SessionId& id, const Error& why) {
  Waiting& w = waiting_.at(id);
  Work work = keep(w, store::QuestionStatus::refused, {}, {});
  work.note("question.refused",
            {{"question", id.hex()}, {"why", why.text}, {"party", why.culprit}});
  for (const Reply& reply : w.replies)
    work.then.push_back([reply, why](const Committed&) { reply.error(why); });
  waiting_.erase(id);
  return work;
}

Work HomeDesk::drop_revoked(UtcTime now) {
  std::vector<std::pair<SessionId, Error>> over;
  for (const auto& [id, w] : waiting_) {
    const auto asker = check_asker(lineage_, w.asked.asker, now);
    if (!asker.ok()) over.emplace_back(id, asker.error());
  }
  Work work;
  for (const auto& [id, why] : over) work.add(end(id, why));
  return work;
}

// To countersign is to say 'valid now': the caller has looked at the asker at this moment.
Work HomeDesk::send_ask(Waiting& w, UtcTime now) {
  w.ask_at = now + kAskAgainAfter;
  Work work;
  const auto nodes = check_nodes(now);
  if (!nodes.ok()) {
    for (const Reply& reply : w.replies)
      reply.progress({{"step", "waiting"},
                      {"id", w.asked.id.hex()},
                      {"text", nodes.error().text},
                      {"party", nodes.error().culprit}});
    return work;
  }
  work.message(
      w.asked.id, lineage_.agreement.hub, MessageType::ask,
      protocol::countersign(env_.keyring.message(), lineage_.self, w.asked, lineage_.id(), now)
          .encode(),
      protocol::kCountersignatureLifetime);
  return work;
}

// What can be shown in one reply.
Result<void> HomeDesk::check_size(const policies::Permit& permit) {
  const policies::Table& table = *lineage_.agreement.grant(permit.grant)->table(permit.table);
  HR_ASSIGN(const auto space, policies::CellSpace::make(lineage_.agreement, table, codes_));
  if (shown_bytes(space, permit.periods.size()) > kMaxShownBytes)
    return denied("the answer would be too large: " + std::to_string(permit.periods.size()) +
                      " periods of " + std::to_string(space.size()) + " cells",
                  "ask for fewer periods at once");
  return {};
}

Result<Work> HomeDesk::ask(ByteView statement, Reply reply, UtcTime now) {
  if (waiting_.size() >= kMaxWaitingQuestions)
    return try_again("too many questions wait for their answers at this node");
  HR_TRY(check_nodes(now));
  HR_ASSIGN(Admission admission, admit_own(lineage_, keys_, statement, now));
  if (admission.asked.asker.agency() != lineage_.self)
    return denied("the asker belongs to another agency",
                  "questions are asked through the node of the asker's own agency");
  // Every party's log would have it for good.
  if (import::contains_nhs_number(as_bytes(admission.question.reason)))
    return Error{Code::usage,
                 "the reason has an NHS number in it",
                 {},
                 "say why, and nothing of a child: every party keeps the reason on its log"};
  if (waiting_.contains(admission.asked.id)) return denied("this question was asked already");
  HR_ASSIGN(const auto known, lineage_.store.questions().get(admission.asked.id));
  if (known) return denied("this question was asked already", "see `hedgerow ask --result`");

  Work work;
  work.log.push_back(question_note("question", admission));
  std::optional<Error> refusal;
  if (!admission.permit())
    refusal = admission.denial();
  else if (auto size = check_size(*admission.permit()); !size.ok())
    refusal = std::move(size).error();
  if (refusal) {
    const Error why = *refusal;
    if (admission.permit())
      work.note("question.refused",
                {{"question", admission.asked.id.hex()}, {"why", why.text}, {"party", ""}});
    work.then.push_back([reply, why](const Committed&) { reply.error(why); });
    return work;
  }
  const SessionId id = admission.asked.id;
  const policies::Permit permit = *admission.permit();
  Waiting waiting{std::move(admission.asked), std::move(admission.question), permit, now, now,
                  {std::move(reply)}};
  auto& w = waiting_.emplace(id, std::move(waiting)).first->second;
  w.replies.front().progress({{"step", "asked"}, {"id", id.hex()}});
  work.add(keep(w, store::QuestionStatus::waiting, {}, {}));
  work.add(send_ask(w, now));
  return work;
}

Result<Work> HomeDesk::result(const SessionId& id, Reply reply, UtcTime now) {
  if (const auto it = waiting_.find(id); it != waiting_.end()) {
    reply.progress({{"step", "asked"}, {"id", id.hex()}});
    it->second.replies.push_back(std::move(reply));
    const auto asker = check_asker(lineage_, it->second.asked.asker, now);
    if (!asker.ok()) return end(id, asker.error());
    return send_ask(it->second, now);
  }
  HR_ASSIGN(const auto row, asked_here(id));
  if (!row) return bad_input("no question with this id was asked here");
  if (row->status == store::QuestionStatus::waiting)
    return try_again("no answer yet", "the question waits; ask for its result later");
  if (row->status != store::QuestionStatus::answered)
    return denied("the question was refused", "see `hedgerow audit show`");
  HR_ASSIGN(const auto json, show(*row));
  reply.result(json);
  return Work{};
}

void HomeDesk::forget_reply(const SessionId& id, std::uint64_t connection) {
  const auto it = waiting_.find(id);
  if (it == waiting_.end()) return;
  std::erase_if(it->second.replies, [&](const Reply& r) { return r.connection == connection; });
}

Result<Work> HomeDesk::on_message(const Delivery& d, UtcTime now) {
  if (d.from != lineage_.agreement.hub)
    return culprit_error("an answer that does not come from the hub", d.from.str());
  const auto it = waiting_.find(d.session);
  if (it == waiting_.end()) {  // answered or given up before
    const bool open = lineage_.is_hub() && d.type == MessageType::answer_delivery;
    return open ? refuse_at_hub(d.session) : Result<Work>(Work{});
  }
  if (d.type == MessageType::question_status) return on_status(d, it->second);
  return on_delivery(d, it->second, now);
}

Result<Work> HomeDesk::on_status(const Delivery& d, Waiting& w) {
  HR_ASSIGN(const auto status, protocol::QuestionStatus::decode(d.body));
  if (status.state == protocol::QuestionStatus::State::waiting) {
    for (const Reply& reply : w.replies)
      reply.progress({{"step", "waiting"},
                      {"id", d.session.hex()},
                      {"text", status.error.text},
                      {"party", status.error.culprit}});
    return Work{};
  }
  return end(d.session, status.error);
}

// The answer is from the table that this node permitted, for the periods asked, cell by cell.
Result<void> HomeDesk::check_cells(const Answer& answer, const policies::Permit& permit) {
  const std::string hub = lineage_.agreement.hub.str();
  const policies::Table& table = *lineage_.agreement.grant(permit.grant)->table(permit.table);
  HR_ASSIGN(const auto space, policies::CellSpace::make(lineage_.agreement, table, codes_));
  bool fits = answer.grant == permit.grant && answer.table == permit.table &&
              answer.grant_line == permit.grant_line && answer.table_line == permit.table_line &&
              answer.rule_in_words == permit.rule_in_words &&
              answer.periods.size() == permit.periods.size();
  for (std::size_t i = 0; fits && i < answer.periods.size(); ++i)
    fits = answer.periods[i].period == permit.periods[i] &&
           answer.periods[i].edition.cells_hash == space.hash() &&
           // A contributor's own thresholds may be stricter, never weaker.
           policies::strictest(permit.rule, answer.periods[i].edition.rule) ==
               answer.periods[i].edition.rule &&
           answer.periods[i].edition.cells.size() == space.size();
  if (!fits) return culprit_error("an answer from another table than the one permitted", hub);
  return {};
}

// The hub signed it, it answers this very question, and where receipts came with it each is of
// the log it claims and about this answer.
Result<Answer> HomeDesk::check_answer(const protocol::AnswerDelivery& delivery, const Waiting& w) {
  const Peer& hub = *lineage_.peers.find(lineage_.agreement.hub);
  HR_ASSIGN(const auto statement, protocol::Statement::decode(delivery.answer));
  HR_TRY(statement.verify_signature(hub.keys().message, MessageType::answer));
  const auto& header = statement.header();
  if (header.sender != hub.id || header.session != w.asked.id ||
      header.agreement != lineage_.agreement.hash || header.lineage != lineage_.id())
    return culprit_error("an answer to another question", hub.id.str());
  HR_ASSIGN(Answer answer, Answer::decode(statement.body()));
  HR_ASSIGN(const auto countersigned, protocol::Statement::decode(answer.countersigned));
  if (answer.question != w.asked.id || countersigned.header().sender != lineage_.self ||
      countersigned.body() != w.asked.statement)
    return culprit_error("the answer repeats another question than the one asked", hub.id.str());
  HR_TRY(check_cells(answer, w.permit));
  HR_TRY(check_notes(answer, lineage_.agreement));
  const Sha256 hash = sha256_id(delivery.answer);
  for (const auto& r : delivery.receipts) {
    const Peer* peer = lineage_.peers.find(r.party);
    if (peer == nullptr) return culprit_error("a receipt of a stranger", hub.id.str());
    HR_TRY(check_receipt(r.receipt, *peer, hash));
  }
  return answer;
}

Result<Work> HomeDesk::on_delivery(const Delivery& d, Waiting& w, UtcTime now) {
  HR_ASSIGN(const auto delivery, protocol::AnswerDelivery::decode(d.body));
  HR_ASSIGN(const Answer answer, check_answer(delivery, w));
  (void)now;
  std::map<PartyId, Bytes> receipts;
  for (const auto& r : delivery.receipts) receipts[r.party] = r.receipt;
  Work work = keep(w, store::QuestionStatus::answered, delivery.answer, encode_receipts(receipts));
  if (lineage_.is_hub()) work.add(end_at_hub(d.session, store::QuestionStatus::answered));
  work.note("answer.received", {{"question", d.session.hex()},
                                {"answer", sha256_id(delivery.answer).hex()},
                                {"receipts", std::to_string(receipts.size())}});
  store::QuestionRecord row;
  row.id = w.asked.id;
  row.question = w.asked.statement;
  row.answer = delivery.answer;
  row.receipts = encode_receipts(receipts);
  const auto replies = std::move(w.replies);
  waiting_.erase(d.session);
  if (!replies.empty())
    work.then.push_back([this, replies, row](const Committed&) {
      const auto json = show(row);
      for (const Reply& reply : replies)
        json.ok() ? reply.result(*json) : reply.error(json.error());
    });
  return work;
}

Result<nlohmann::json> HomeDesk::show(const store::QuestionRecord& row) {
  HR_ASSIGN(const auto statement, protocol::Statement::decode(row.answer));
  HR_ASSIGN(const Answer answer, Answer::decode(statement.body()));
  HR_ASSIGN(const auto outer, protocol::Statement::decode(answer.countersigned));
  HR_ASSIGN(const auto asked_statement, protocol::Statement::decode(outer.body()));
  HR_ASSIGN(const auto asked, protocol::Asked::decode(asked_statement.body()));
  HR_ASSIGN(const auto certificate, Certificate::decode_der(asked.certificate_der));
  HR_ASSIGN(const auto question, policies::decode_question(asked.question));
  const policies::Grant* grant = lineage_.agreement.grant(answer.grant);
  const policies::Table* table = grant == nullptr ? nullptr : grant->table(answer.table);
  if (table == nullptr) return bad_input("the answer's table is not in the agreement");
  HR_ASSIGN(const auto space, policies::CellSpace::make(lineage_.agreement, *table, codes_));
  for (const auto& p : answer.periods)
    if (p.edition.cells.size() != space.size())
      return bad_input("the answer has another number of cells than its table");
  nlohmann::json json =
      to_json(answer, question, certificate.subject().urn(), lineage_.agreement, space, codes_);
  for (std::size_t i = 0; i < answer.periods.size(); ++i)
    for (std::size_t j = 0; j < answer.periods[i].parties.size(); ++j) {
      const PartyStatus& party = answer.periods[i].parties[j];
      const Peer* peer = lineage_.peers.find(party.party);
      if (peer == nullptr) return bad_input("the answer names a party that is none");
      json["periods"][i]["parties"][j]["match_rate"] =
          match_rate_in_words(party.match_rate, peer->keys().message);
    }
  HR_ASSIGN(const auto receipts, decode_receipts(row.receipts));
  nlohmann::json shown = nlohmann::json::array();
  for (const auto& [party, receipt] : receipts)
    shown.push_back({{"party", party.str()}, {"receipt", to_base64(receipt)}});
  json["evidence"] = {{"answer", sha256_id(row.answer).hex()},
                      {"signed_by", lineage_.agreement.hub.str()},
                      {"statement", to_base64(row.answer)},
                      {"receipts", shown}};
  return json;
}

Result<Work> HomeDesk::on_time(UtcTime now) {
  Work work;
  std::vector<std::pair<SessionId, Error>> over;
  for (auto& [id, w] : waiting_) {
    if (w.ask_at > now) continue;
    const auto asker = check_asker(lineage_, w.asked.asker, now);
    if (!asker.ok())
      over.emplace_back(id, asker.error());
    else if (now >= w.created_at + kQuestionLife)
      over.emplace_back(id, try_again("no answer within a day"));
    else
      work.add(send_ask(w, now));
  }
  for (const auto& [id, why] : over) work.add(end(id, why));
  return work;
}

std::optional<UtcTime> HomeDesk::next_wake() const {
  std::optional<UtcTime> at;
  for (const auto& [id, w] : waiting_)
    if (!at || w.ask_at < *at) at = w.ask_at;
  return at;
}

}  // namespace hedgerow::core
