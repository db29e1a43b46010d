// The requester's role (cryptography.md A, steps 1 and 3; docs/design/pseudonymise.md): the
// pseudonyms of one import, or of one trace. Inputs are cut into batches; each batch is blinded
// once and sent to a set of exactly `threshold` keyholders. Their answers are checked together, by
// one element more. Where that does not work out, each is asked for a proof of its answer, and
// further keyholders are asked as some refuse, fail or are late. Nothing is believed without check
// or proof; a keyholder whose answer is bad is named and not asked again.
//
// Nothing is durable: an interrupted run starts anew with new blinds and is debited again.
// Blinds exist only for the batches in flight. A failure ends the whole run.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "crypto/base/wiping.h"
#include "crypto/pseudonym.h"
#include "protocol/pseudonymise/messages.h"
#include "protocol/step.h"

namespace hedgerow::protocol {

using NhsDigits = ByteArray<kNhsNumberDigits>;  // ASCII digits

// A keyholder as the requester knows it.
struct KeyholderContact {
  PartyId party;
  ParticipantIndex index;
  Element verification_share;
  std::optional<std::uint64_t> quota_left;  // elements, where it was told
};

// Below this the check saves less than its round trip and its element cost.
inline constexpr std::size_t kSmallestChecked = 16;

struct PseudonymiseSetup {
  KeyId key;
  std::uint32_t share_version = 0;
  std::size_t threshold = 0;
  std::vector<KeyholderContact> keyholders;  // without the requester
  std::string purpose;                       // a name, logged by the keyholders
  std::size_t batch_size = kMaxBatch;
  std::size_t max_in_flight = 2;                    // batches
  std::size_t smallest_checked = kSmallestChecked;  // a smaller batch is proved from the start
  std::chrono::milliseconds timeout_ms{30000};
};

class PseudonymiseClient {
 public:
  // Errors: usage (sizes, a purpose that is no name), bad_input (an input that is not ten digits,
  // or twice), configuration (a keyholder or index twice), try_again (fewer keyholders than the
  // threshold).
  static Result<PseudonymiseClient> create(PseudonymiseSetup setup, WipingVector<NhsDigits> inputs);

  PseudonymiseClient(PseudonymiseClient&&) = default;
  PseudonymiseClient& operator=(PseudonymiseClient&&) = default;

  // The first requests; call once. With no inputs the step is finished.
  Step start(UtcTime now, Random& rng);

  // A message from an authenticated party. Errors (nothing has changed, the run goes on): a party
  // that is no keyholder here, another type, an answer to no request of this run. An answer that
  // comes twice changes nothing. A bad answer is noted with its culprit in the step's log, and
  // another keyholder is asked.
  Result<Step> on_message(const PartyId& from, MessageType type, ByteView body, UtcTime now,
                          Random& rng);

  // Keyholders whose answers are late are passed over; a late answer still counts.
  Step on_time(UtcTime now, Random& rng);

  // The transport knows that this party cannot be reached now.
  Step on_unreachable(const PartyId& party, UtcTime now, Random& rng);

  bool finished() const { return finished_; }
  std::size_t done() const { return done_; }  // inputs whose pseudonym is known
  std::size_t total() const { return inputs_.size(); }

  // The pseudonyms in the order of the inputs, once finished. Single use. Error: try_again, naming
  // the keyholders that are missing and why; not finished is our own bug.
  Result<WipingVector<Pseudonym>> take_result() &&;

 private:
  // Why a keyholder did not serve, for the error's text.
  enum class Trouble { none, late, unreachable, quota, refused, bad_answer };

  struct Keyholder {
    KeyholderContact contact;
    Trouble trouble = Trouble::none;
    std::string reason;     // a refusal's name
    bool excluded = false;  // for the rest of the run
    bool suspect = false;   // late or unreachable: asked last
  };

  // Of one keyholder about one batch. given: what it was asked for last is in; verified: it has
  // proven its answer.
  enum class Answer { waiting, late, given, failed, verified };

  struct Attempt {
    Answer answer = Answer::waiting;
    UtcTime deadline;
    bool in_set = false;          // was sent the request that names a set
    std::vector<Element> folded;  // its answer to that
    bool asked_to_prove = false;
  };

  struct Request {
    Bytes bytes;  // empty: not needed so far
    Sha256 hash;
  };

  struct Batch {
    std::size_t number = 0;  // position in the run
    std::size_t first = 0;   // of inputs_
    BatchId id;
    ThresholdBlinded blinded;
    std::map<std::size_t, Attempt> attempts;  // by position in keyholders_
    std::optional<EvaluationSet> set;         // whom the check is about, in that order:
    std::vector<std::size_t> of_set;
    Request to_set;
    std::optional<BatchCheck> check;  // every answer of the set is in
    Request to_check;
    bool proving = false;  // by proofs: from the start, or since something did not work out
    Request to_others;
    std::vector<VerifiedShare> shares;
    bool complete = false;
  };

  PseudonymiseClient(PseudonymiseSetup setup, WipingVector<NhsDigits> inputs);

  std::chrono::seconds lifetime() const;  // of a message
  std::optional<std::size_t> keyholder_of(const PartyId& party) const;
  // A batch in flight that this keyholder was asked about.
  Result<Batch*> batch_of(std::size_t keyholder, const BatchId& id);
  Result<void> on_response(std::size_t keyholder, EvaluateResponse response, Step& step);
  void on_folded(std::size_t keyholder, Batch& batch, EvaluateResponse response, Step& step);
  void on_proven(std::size_t keyholder, Batch& batch, EvaluateResponse response, Step& step);
  Result<void> on_checked(std::size_t keyholder, const EvaluateChecked& checked, Step& step);
  Result<void> on_refusal(std::size_t keyholder, const EvaluateRefusal& refusal);
  void take_answer(std::size_t keyholder, Attempt& attempt, Answer answer);
  void condemn(std::size_t keyholder, const std::string& why, Step& step);
  void give_up_waiting(std::size_t keyholder, Attempt& attempt, Trouble trouble);

  bool may_serve(std::size_t keyholder, const Batch& batch, std::size_t cost) const;
  std::vector<std::size_t> candidates(const Batch& batch, std::size_t cost) const;
  Request request_of(const Batch& batch) const;
  void ask(Batch& batch, std::size_t keyholder, std::size_t cost, Step& step, UtcTime now);
  bool ask_set(Batch& batch, Step& step, UtcTime now);
  void ask_others(Batch& batch, Step& step, UtcTime now);
  void ask_to_prove(Batch& batch, Step& step, UtcTime now);
  void ask_keyholders(Batch& batch, Step& step, UtcTime now);

  void note_failed_check(Batch& batch, const std::string& why, Step& step);
  void begin_check(Batch& batch, Step& step, UtcTime now, Random& rng);
  void advance(Batch& batch, Step& step, UtcTime now, Random& rng);
  void take_pseudonyms(Batch& batch, const Result<WipingVector<Pseudonym>>& pseudonyms);
  Result<Batch> blind_next(Random& rng);
  void open_batches(Random& rng);
  Error missing_keyholders(const Batch& batch) const;
  void fail(Error error);
  Step settle(Step step, UtcTime now, Random& rng);

  PseudonymiseSetup setup_;
  std::vector<Keyholder> keyholders_;
  WipingVector<NhsDigits> inputs_;
  std::size_t batch_size_ = 0;
  std::size_t next_input_ = 0;
  std::size_t next_number_ = 0;
  std::vector<Batch> in_flight_;
  std::set<BatchId> completed_;  // their further answers are harmless
  WipingVector<std::optional<Pseudonym>> results_;
  std::size_t done_ = 0;
  bool started_ = false;
  bool finished_ = false;
  std::optional<Error> failure_;
};

}  // namespace hedgerow::protocol
