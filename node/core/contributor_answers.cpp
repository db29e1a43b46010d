// What a contributor does once there is an answer: logs it and gives its receipt.
#include <algorithm>
#include <memory>

#include "node/audit/receipt.h"
#include "node/core/contributor_desk.h"
#include "protocol/answering.h"

namespace hedgerow::core {

namespace {

constexpr std::string_view kLoggedKind = "answer-logged";
constexpr std::chrono::hours kKeptFor{24 * 366 * 7};
constexpr std::chrono::minutes kReceiptLifetime{60};

}  // namespace

Result<Work> ContributorDesk::send_receipt(const SessionId& question, const Sha256& answer,
                                           std::uint64_t index) {
  HR_ASSIGN(const auto receipt, audit::make_receipt(env_.log, index, true));
  Work work;
  work.message(question, lineage_.agreement.hub, MessageType::receipt,
               protocol::ReceiptMessage{answer, audit::encode(receipt)}.encode(), kReceiptLifetime);
  return work;
}

Result<Work> ContributorDesk::on_answer_hash(const Delivery& d, UtcTime now) {
  HR_ASSIGN(const auto m, protocol::AnswerHash::decode(d.body));
  HR_ASSIGN(const auto logged, lineage_.store.sessions().get(d.session, std::string(kLoggedKind)));
  if (logged) {  // the hub asks again: the same entry, a receipt for it
    Reader r(logged->state);
    const Sha256 answer{r.array<32>()};
    const std::uint64_t index = r.u64();
    HR_TRY(r.finish("stored answer"));
    if (answer == m.answer) return send_receipt(d.session, m.answer, index);
  }
  HR_ASSIGN(const auto countersigned, protocol::Statement::decode(m.countersigned));
  if (countersigned.header().session != d.session)
    return culprit_error("the answer is to another question", d.from.str());
  // The countersignature may have ended while receipts were waited for: read it as of its end.
  const UtcTime as_of = std::min(now, countersigned.header().not_after);
  HR_ASSIGN(const Admission admission, admit_countersigned(lineage_, keys_, m.countersigned, as_of,
                                                           policies::RestrictionScope::none));
  HR_TRY(check_asker(lineage_, admission.asked.asker, now));
  if (!admission.permit()) return admission.denial();
  HR_ASSIGN(Work work, accept_editions(m.editions, now));

  // The entry whose receipt is returned is the last of this work.
  auto note = question_note("answer", admission);
  note.fields.emplace_back("answer", m.answer.hex());
  work.log.push_back(std::move(note));
  const auto index = std::make_shared<std::uint64_t>(0);
  const std::uint64_t entry = env_.log.size() + work.log.size() - 1;
  work.write([=, session = d.session](store::LineageStore& s) {
    Writer w;
    w.raw(m.answer.view()).u64(entry);
    store::Session row{session,
                       std::string(kLoggedKind),
                       {},
                       WipingBytes(w.data().begin(), w.data().end()),
                       now + kKeptFor,
                       false};
    return s.sessions().put(row);
  });
  work.follow.push_back([this, session = d.session, answer = m.answer](const Committed& done) {
    return send_receipt(session, answer, done.log.size - 1);
  });
  return work;
}

Result<Work> ContributorDesk::on_served(const Delivery& d) {
  HR_ASSIGN(const auto m, protocol::Served::decode(d.body));
  HR_ASSIGN(const auto countersigned, protocol::Statement::decode(m.countersigned));
  HR_ASSIGN(const Admission admission,
            admit_countersigned(lineage_, keys_, m.countersigned, countersigned.header().not_after,
                                policies::RestrictionScope::none, AdmitAs::recorded));
  Work work;
  auto note = question_note("answer.served", admission);
  note.fields.emplace_back("answer", m.answer.hex());
  work.log.push_back(std::move(note));
  return work;
}

}  // namespace hedgerow::core
