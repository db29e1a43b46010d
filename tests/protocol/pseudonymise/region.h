// A few keyholders around one client, in one process: requests go through keyholder roles with
// quotas and memory of batches, answers come back in the order a test chooses.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "crypto/random.h"
#include "protocol/pseudonymise/client.h"
#include "protocol/pseudonymise/keyholder.h"

namespace hedgerow::protocol {

inline PartyId party(const std::string& name) { return *PartyId::parse(name); }
inline UtcTime at(std::int64_t ms) { return from_unix_ms(1'800'000'000'000 + ms); }

inline KeyId test_key() {
  KeyId key;
  key.bytes.fill(0x4b);
  return key;
}

inline WipingVector<NhsDigits> numbers(std::size_t n) {
  WipingVector<NhsDigits> out;
  for (std::size_t i = 0; i < n; ++i) {
    const std::string text = std::to_string(9'000'000'000 + 7 * i);
    NhsDigits digits{};
    std::copy(text.begin(), text.end(), digits.begin());
    out.push_back(digits);
  }
  return out;
}

// What exchange would do for one keyholder: charge, remember, evaluate, answer.
struct TestKeyholder {
  PartyId id;
  KeyShare share;
  std::map<PartyId, EvaluationQuota> quota;
  std::map<BatchId, Bytes> seen;  // as saved
  std::map<BatchId, Sha256> hashes;
  std::uint64_t evaluated = 0;  // elements worked on, resends not counted
  std::uint64_t charged = 0;

  Outgoing answer(const PartyId& requester, MessageType type, ByteView body, Random& rng) {
    return type == MessageType::evaluate_request ? evaluate(requester, body, rng)
                                                 : follow_up(requester, type, body, rng);
  }

  Outgoing evaluate(const PartyId& requester, ByteView request, Random& rng) {
    KeyholderDecision decision =
        authorise(share, requester, request, quota[requester], known(request));
    Outgoing out{requester, MessageType::evaluate_response, {}, std::chrono::seconds(60)};
    if (auto* resend = std::get_if<Resend>(&decision)) {
      out.body = resend->response;
    } else if (auto* refused = std::get_if<Refused>(&decision)) {
      out.type = MessageType::evaluate_refusal;
      out.body = refused->body;
    } else {
      auto& authorised = std::get<Authorised>(decision);
      for (const Charge& c : authorised.charges()) {
        auto& left = c.account == import_quota_account(requester) ? quota[requester].import_left
                                                                  : quota[requester].daily_left;
        HR_CHECK(c.amount <= left);
        left -= c.amount;
        charged += c.amount;
      }
      evaluated += authorised.elements();
      const BatchId batch = authorised.batch();
      const Sha256 hash = authorised.request_hash();
      out.body = *std::move(authorised).evaluate(share, rng);
      seen[batch] = SeenBatch{hash, out.body, {}, {}, {}}.save();
      hashes[batch] = hash;
    }
    return out;
  }

  Outgoing follow_up(const PartyId& requester, MessageType type, ByteView body, Random& rng) {
    const bool is_check = type == MessageType::evaluate_check;
    FollowUp outcome = is_check ? *check(share, requester, body, known(body), rng)
                                : *prove(share, requester, body, known(body), rng);
    Outgoing out{requester,
                 is_check ? MessageType::evaluate_checked : MessageType::evaluate_response,
                 {},
                 std::chrono::seconds(60)};
    if (auto* resend = std::get_if<Resend>(&outcome)) {
      out.body = resend->response;
    } else if (auto* refused = std::get_if<Refused>(&outcome)) {
      out.type = MessageType::evaluate_refusal;
      out.body = refused->body;
    } else {
      auto& answered = std::get<Answered>(outcome);
      HR_CHECK(answered.type == out.type);
      if (is_check) ++evaluated;
      out.body = answered.response;
      seen[*EvaluateRequest::peek_batch(body)] = answered.memory.save();
    }
    return out;
  }

  std::optional<SeenBatch> known(ByteView message) const {
    const Result<BatchId> batch = EvaluateRequest::peek_batch(message);
    if (!batch.ok() || !seen.contains(*batch)) return std::nullopt;
    return *SeenBatch::restore(hashes.at(*batch), seen.at(*batch));
  }
};

struct InTransit {
  PartyId from;
  MessageType type;
  Bytes body;
};

class TestRegion {
 public:
  TestRegion(std::size_t keyholders, std::size_t threshold, std::uint8_t seed = 1)
      : rng_(ByteArray<32>{seed}), key_(random_scalar(rng_)), threshold_(threshold) {
    std::vector<ParticipantIndex> indexes;
    for (std::size_t i = 1; i <= keyholders; ++i) indexes.push_back(*ParticipantIndex::from(i));
    std::vector<SecretShare> shares = *share_secret(key_, threshold, indexes, rng_);
    std::vector<PartyId> ids;
    for (const ParticipantIndex i : indexes)
      ids.push_back(party("keyholder-" + std::to_string(i.number())));
    for (SecretShare& s : shares) {
      const PartyId id = ids[s.index.number() - 1U];
      const Element y = *multiply_base(s.value);
      keyholders_.push_back(
          {id,
           KeyShare{test_key(), s.index, 1, std::move(s.value), y, threshold, ids},
           {},
           {},
           {},
           0,
           0});
      keyholders_.back().quota[me_] = {1'000'000, 0};
    }
  }

  PseudonymiseSetup setup() const {
    PseudonymiseSetup s;
    s.key = test_key();
    s.share_version = 1;
    s.threshold = threshold_;
    s.purpose = "import";
    s.timeout_ms = std::chrono::milliseconds(1000);
    for (const TestKeyholder& k : keyholders_)
      s.keyholders.push_back({k.id, k.share.index, k.share.verification_share, std::nullopt});
    return s;
  }

  // Lets every keyholder that is not dead answer what a step sends; the answers queue up.
  void carry(const Step& step) {
    for (const Outgoing& out : step.send) {
      if (out.type == MessageType::evaluate_request) ++requests_[out.to];
      ++sent_[out.type];
      if (dead_.contains(out.to)) continue;
      const Outgoing answer = keyholder(out.to).answer(me_, out.type, out.body, rng_);
      queue_.push_back({out.to, answer.type, answer.body});
    }
  }

  // Delivers queued answers, and those that they cause, until none is left.
  Step deliver_all(PseudonymiseClient& client, UtcTime now) {
    Step last;
    while (!queue_.empty()) {
      const InTransit m = queue_.front();
      queue_.pop_front();
      Result<Step> step = client.on_message(m.from, m.type, m.body, now, rng_);
      HR_CHECK(step.ok());
      carry(*step);
      notes_.insert(notes_.end(), step->log.begin(), step->log.end());
      last = std::move(step).value();
    }
    return last;
  }

  TestKeyholder& keyholder(const PartyId& id) {
    for (TestKeyholder& k : keyholders_)
      if (k.id == id) return k;
    check_failed(__FILE__, __LINE__, "the keyholder exists");
  }

  // Computed with the whole key, which no party has.
  WipingVector<Pseudonym> expected(const WipingVector<NhsDigits>& inputs) const {
    WipingVector<Pseudonym> out;
    for (const NhsDigits& n : inputs)
      out.emplace_back(*multiply(key_, *hash_oprf_input(*identifier_input(n))));
    return out;
  }

  bool noted(const std::string& kind, const std::string& keyholder) const {
    for (const LogNote& note : notes_)
      for (const auto& [name, value] : note.fields)
        if (note.kind == kind && name == "keyholder" && value == keyholder) return true;
    return false;
  }

  SeededRandom rng_;
  PartyId me_ = party("requester");
  SecretScalar key_;
  std::size_t threshold_;
  std::vector<TestKeyholder> keyholders_;
  std::set<PartyId> dead_;
  std::map<PartyId, int> requests_;
  std::map<MessageType, int> sent_;
  std::deque<InTransit> queue_;
  std::vector<LogNote> notes_;
};

}  // namespace hedgerow::protocol
