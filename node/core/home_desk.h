// The home node of an asker: checks and logs the question, vouches for it, waits for the answer,
// checks and logs that, and hands it over (cryptography.md E).
#pragma once

#include <map>
#include <optional>

#include "node/core/answer.h"
#include "node/core/exchange.h"
#include "node/core/gate.h"
#include "node/core/reply.h"
#include "protocol/answering.h"

namespace hedgerow::core {

// While a question waits it is countersigned anew this often, for as long as kQuestionLife.
inline constexpr std::chrono::seconds kAskAgainAfter{60};
inline constexpr std::chrono::hours kQuestionLife{24};
inline constexpr std::size_t kMaxWaitingQuestions = 64;

class HomeDesk {
 public:
  HomeDesk(LineageContext& lineage, const KeyDesk& keys, const Environment& environment,
           const policies::CodeList& codes);

  // Gives what is left to do of questions that are not permitted any more.
  Result<Work> restore(UtcTime now);

  // The asker's signed question. `reply` hears progress and the end. Code::usage, and nothing is
  // logged: the reason has an NHS number in it.
  Result<Work> ask(ByteView question_statement, Reply reply, UtcTime now);
  // The answer to a question asked before, now or when it comes; to whoever waits for it already
  // too.
  Result<Work> result(const SessionId& id, Reply reply, UtcTime now);
  // A list of revoked certificates has come: the questions that wait and are touched by it end.
  Work drop_revoked(UtcTime now);
  // Whoever waited on this connection has gone; the question stays, and who else waits.
  void forget_reply(const SessionId& id, std::uint64_t connection);

  // question_status, answer_delivery.
  Result<Work> on_message(const Delivery& delivery, UtcTime now);
  Result<Work> on_time(UtcTime now);
  std::optional<UtcTime> next_wake() const;

 private:
  struct Waiting {
    protocol::VerifiedQuestion asked;
    policies::Question question;
    policies::Permit permit;
    UtcTime created_at;
    UtcTime ask_at;
    std::vector<Reply> replies;  // everybody who waits, one a connection
  };

  Work send_ask(Waiting& w, UtcTime now);
  Result<void> check_nodes(UtcTime now) const;
  Work end(const SessionId& id, const Error& why);
  Result<Work> on_status(const Delivery& delivery, Waiting& w);
  Result<Work> on_delivery(const Delivery& delivery, Waiting& w, UtcTime now);
  Result<void> check_size(const policies::Permit& permit);
  Result<void> check_cells(const Answer& answer, const policies::Permit& permit);
  Result<Answer> check_answer(const protocol::AnswerDelivery& delivery, const Waiting& w);
  Result<nlohmann::json> show(const store::QuestionRecord& row);
  Work keep(const Waiting& w, store::QuestionStatus status, Bytes answer, Bytes receipts);
  Work end_at_hub(const SessionId& id, store::QuestionStatus status);
  Result<Work> refuse_at_hub(const SessionId& id);
  Result<std::optional<store::QuestionRecord>> asked_here(const SessionId& id);

  LineageContext& lineage_;
  const KeyDesk& keys_;
  Environment env_;
  const policies::CodeList& codes_;
  std::map<SessionId, Waiting> waiting_;
};

}  // namespace hedgerow::core
