// A hub and contributors in one process, with a wire that a test may rearrange, and parties
// that can be killed before or after a step is committed. The same seed gives the same bytes.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "crypto/random.h"
#include "protocol/sum/contributor.h"
#include "protocol/sum/hub.h"

namespace hedgerow::protocol::sum {

inline const UtcTime kStart = from_unix_ms(1'790'000'000'000);
inline constexpr std::chrono::seconds kAttemptTime{600};

struct Message {
  PartyId from, to;
  MessageType type = MessageType::ack;
  Bytes body;
  friend bool operator==(const Message&, const Message&) = default;
};

PartyId party(std::string_view name);
ByteArray<32> seed_of(std::uint64_t number);

// Plain copies, for comparison.
struct Plain {
  std::vector<std::uint64_t> v, c, k, z;
  friend bool operator==(const Plain&, const Plain&) = default;
};
Plain operator+(Plain a, const Plain& b);
Plain random_plain(Random& rng, std::size_t cells);
SumInput to_input(const Plain& p);
Plain to_plain(const SumFigures& f);

enum class Crash { none, before_commit, after_commit };

class Region {
 public:
  Region(std::uint64_t seed, std::size_t contributors, std::size_t cells);

  // The hub starts an attempt with these contributors (all, if empty).
  Result<void> start(std::uint32_t attempt = 1, std::vector<PartyId> contributors = {});
  // Puts the first message, or the one at `index`, to its receiver.
  void deliver(std::size_t index = 0);
  Result<void> receive(const Message& m);
  void run();  // until the wire is empty
  void run_shuffled(Random& order);
  void tick(std::chrono::seconds by);  // moves the clock and wakes everybody

  Manifest manifest(std::uint32_t attempt, std::vector<PartyId> contributors) const;
  Plain total() const;
  Parties parties(const PartyId& self) const;
  void crash(const PartyId& who);  // restored from the durable state

  struct Node {
    PartyId id;
    std::unique_ptr<SigningKey> key;
    std::unique_ptr<SeededRandom> rng;
    Plain input;
    std::optional<SumContributor> role;
    // Durable.
    std::optional<Bytes> state;
    std::optional<OpenedMarker> opened;
    std::uint32_t last_attempt = 0;
  };
  struct Hub {
    std::unique_ptr<SigningKey> key;
    std::optional<SumHub> role;
    std::optional<Bytes> state;
    std::optional<Plain> figures;
    std::optional<Error> failure;
  };

  UtcTime now = kStart;
  PartyId hub_id = party("vale-hub");
  std::vector<PartyId> ids;  // ascending
  std::map<PartyId, Node> nodes;
  Hub hub;
  std::size_t cells = 0;
  std::deque<Message> wire;
  std::vector<Message> sent;  // everything ever put on the wire
  std::vector<Error> errors;  // everything ever refused
  std::size_t steps = 0;      // steps taken by anybody
  std::function<Crash(const PartyId&, std::size_t)> crash_at;

 private:
  Result<void> hub_receives(const Message& m);
  Result<void> node_receives(Node& node, const Message& m);
  Result<Step> node_step(Node& node, const Message& m);
  void commit(Node& node, Step step);
  void commit_hub(Step step);
  void send(const PartyId& from, std::vector<Outgoing> out);
  Crash next_crash(const PartyId& who);
};

// The attempt has ended with the plain sums of everybody's input.
void expect_total(const Region& region);
// What `who` would save now; empty where it has no role.
Bytes saved(const Region& region, const PartyId& who);
// The two messages that travel only inside a sealed and signed envelope.
bool sealed_only(MessageType type);

// A party's signed statements in the hub's attempt, made by hand.
AttemptId id_of(const Region& region);
Bytes sign_as(const Region& region, const PartyId& who, MessageType type, std::uint64_t sequence,
              Bytes body);
Bytes another_advert(const Region& region, const PartyId& who);

// Shows a failure readably.
void PrintTo(const Message& m, std::ostream* out);

}  // namespace hedgerow::protocol::sum
