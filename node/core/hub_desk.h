// The hub's part in questions: admits them for itself, has the releases they need computed
// (ReleaseDesk), collects every contributor's receipt, and sends answers out on a tick
// (cryptography.md E, disclosure.md rules 2 and 7).
#pragma once

#include <map>
#include <optional>

#include "node/core/answer.h"
#include "node/core/exchange.h"
#include "node/core/gate.h"
#include "node/core/release_desk.h"
#include "protocol/answering.h"

namespace hedgerow::core {

inline constexpr std::chrono::seconds kReceiptRetry{300};
inline constexpr std::chrono::hours kQuestionLifetime{24};
inline constexpr std::chrono::milliseconds kTick{1000};
inline constexpr std::size_t kMaxOpenQuestions = 256;
inline constexpr std::size_t kMaxOpenOfOneHome = 64;

class HubDesk {
 public:
  HubDesk(LineageContext& lineage, const KeyDesk& keys, const Environment& environment,
          const policies::CodeList& codes);

  // Gives what is left to do of questions that are not permitted any more: to say so.
  Result<Work> restore(UtcTime now);
  // ask, receipt, and the contributors' sum_* messages.
  Result<Work> on_message(const Delivery& delivery, UtcTime now);
  Result<Work> on_time(UtcTime now);
  // A list of revoked certificates has come: open questions of revoked askers, or from the nodes
  // of revoked certificates, are refused.
  Work drop_revoked(UtcTime now);
  std::optional<UtcTime> next_wake() const;

 private:
  enum class Stage { waiting, receipts, ready, done };
  struct OpenQuestion {
    PartyId home;
    Bytes countersigned;
    policies::Question question;
    policies::Permit permit;
    std::string asker;
    Stage stage = Stage::waiting;
    Bytes answer;  // the statement
    Sha256 answer_hash;
    std::map<PartyId, Bytes> receipts;
    UtcTime created_at;
    UtcTime wake_at;  // deliver, or ask for receipts again, by stage
  };
  Result<Work> on_ask(const Delivery& delivery, UtcTime now);
  Result<Work> on_receipt(const Delivery& delivery, UtcTime now);
  Result<Work> progress_all(UtcTime now);
  std::vector<PartyId> needed_for(const policies::Permit& permit) const;
  Result<Work> progress(const SessionId& id, OpenQuestion& q, UtcTime now);
  Result<Work> after_release(Result<Work> done, UtcTime now);
  Result<AnswerPeriod> answer_period(const policies::Permit& permit,
                                     const policies::Period& period);
  Result<Work> make_answer(const SessionId& id, OpenQuestion& q, UtcTime now);
  Result<std::vector<protocol::EditionLink>> unpublished_of(const OpenQuestion& q);
  bool has_all_receipts(const OpenQuestion& q) const;
  Work ask_for_receipts(const SessionId& id, OpenQuestion& q,
                        std::vector<protocol::EditionLink> links, UtcTime now);
  Work deliver(const SessionId& id, OpenQuestion& q, UtcTime now);
  Work refuse(const SessionId& id, const PartyId& home, const Error& why);
  Work tell_waiting(const SessionId& id, const OpenQuestion& q, const Error& why);
  Work keep(const SessionId& id, const OpenQuestion& q, store::QuestionStatus status);

  LineageContext& lineage_;
  const KeyDesk& keys_;
  Environment env_;
  ReleaseDesk releases_;
  std::map<SessionId, OpenQuestion> questions_;
};

}  // namespace hedgerow::core
