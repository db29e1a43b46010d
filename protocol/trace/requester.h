// The requester's role (cryptography.md D; docs/design/trace.md, The run): one trace, from the
// blinded points to what each responder has to share. The child's pseudonym is looked at once, at
// the beginning, and is in nothing that is kept.
//
//   auto r = Requester::begin(...)          order() is to be signed
//   r.take_request(signed)                  by the practitioner; then it waits for approval
//   r.take_approval(signed, others, now)    by another person; asks, and gives notice
//   r.on_message(...)                       Found: look its tag up, and say set_outcome()
//   r.on_time(now)                          at not_after() it ends, with whoever has not answered
//
// Its state is durable from the beginning; restored, it goes on where it was and sends nothing
// anew: what was sent lies in the outbox. T and the blind of a responder are wiped with its answer.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "crypto/trace_record.h"
#include "protocol/step.h"
#include "protocol/trace/responder.h"

namespace hedgerow::protocol::trace {

// A responder whose directory of `header.day` is here, whole.
struct Responder {
  PartyId party;
  DirectoryHeader header;
};

struct RequesterSetup {
  SessionId id;
  PartyId self;
  Lineage lineage;
  AgreementHash agreement;
};

enum class Outcome : std::uint8_t {
  none = 1,  // not asked, or no answer so far
  contact = 2,
  nothing = 3,
  refused = 4,
  bad_answer = 5,
};

// Before not_after, so that a responder whose clock is a little ahead still has its key.
inline constexpr std::chrono::minutes kBeforeTheEnd{10};

// A trace ends with the key of its earliest directory: the end of the day after, less that.
UtcTime ends_at(std::int32_t day);

class Requester {
 public:
  enum class State : std::uint8_t { unsigned_ = 1, waiting = 2, asked = 3, ended = 4 };

  struct Party {
    PartyId party;
    std::int32_t day = 0;
    Element key;      // K
    Element blinded;  // B
    Outcome outcome = Outcome::none;
    RefusalReason reason = RefusalReason::malformed;  // of a refusal
    std::string contact;
  };

  // Draws one blind a responder. `responders` in the order of their names, 1 to kMaxResponders
  // (HR_CHECK). `words` without points.
  static Requester begin(RequesterSetup setup, Order words,
                         const std::vector<Responder>& responders, const Pseudonym& child,
                         Random& rng);

  // The practitioner's statement. Errors: another id, agreement, date or order than this one's
  // (bad_input); signed before (denied).
  Result<void> take_request(const Signed& request);
  // The approver's. Asks every responder, and gives notice to `others`. Whether its signer may
  // approve is for the caller. Errors: of another request, longer than it (bad_input); not waiting
  // for one, past its date (denied).
  Result<Step> take_approval(const Signed& approval, const std::vector<PartyId>& others,
                             UtcTime now);

  // What an answer opens: the caller looks the tag up in the directory of party and day.
  struct Found {
    PartyId party;
    std::int32_t day = 0;
    TraceKeys keys;
  };
  // trace_answer or trace_refusal; `body` is a statement, `key` its sender's message key. Nothing
  // where it changes nothing: it came twice, or is a refusal. Errors name the sender; where its
  // answer proves wrong it is bad_answer from then on.
  Result<std::optional<Found>> on_message(const PartyId& from, const VerifyKey& key,
                                          MessageType type, ByteView body);
  // What was found at `party`: a contact, or nothing.
  void set_outcome(const PartyId& party, std::optional<std::string> contact);
  // Its record does not open, or its directory is not what its header says.
  void set_bad_answer(const PartyId& party);
  // True: it has ended now.
  bool on_time(UtcTime now);

  State state() const { return state_; }
  bool complete() const;  // every responder has answered or refused, well or badly
  // Nothing of a party that is not asked.
  std::optional<Outcome> outcome_of(const PartyId& party) const;
  const SessionId& id() const { return setup_.id; }
  const Order& order() const { return order_; }
  UtcTime not_after() const { return not_after_; }
  const std::vector<Party>& parties() const { return parties_; }
  const Bytes& request() const { return request_; }  // statements; empty: not yet
  const Bytes& approval() const { return approval_; }

  SecretBytes save() const;
  // Errors (bad_input): other bytes than save() gives, as far as they show it: signatures are
  // not verified again, nor that T and r are those of B.
  static Result<Requester> restore(RequesterSetup setup, ByteView saved);

 private:
  Requester(RequesterSetup setup, Order order)
      : setup_(std::move(setup)), order_(std::move(order)) {}
  std::optional<std::size_t> index_of(const PartyId& party) const;
  void forget(std::size_t index);

  RequesterSetup setup_;
  Order order_;
  UtcTime not_after_{};
  State state_ = State::unsigned_;
  std::vector<Party> parties_;
  SecretBytes points_;  // T of each, 32 bytes; zeros once it has answered
  SecretScalars blinds_;
  Bytes request_;
  Bytes approval_;
};

}  // namespace hedgerow::protocol::trace
