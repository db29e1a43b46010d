// Hub, mixers and contributors of a link in one process, with a wire that keeps each pair's order
// and may take the pairs in any, and on which a test may change what it likes. The same seed gives
// the same bytes.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "crypto/random.h"
#include "protocol/link/contributor.h"
#include "protocol/link/hub.h"
#include "protocol/link/mixer.h"

namespace hedgerow::protocol::link {

inline const UtcTime kStart = from_unix_ms(1'790'000'000'000);

struct Message {
  PartyId from, to;
  MessageType type = MessageType::ack;
  Bytes body;
  friend bool operator==(const Message&, const Message&) = default;
};

PartyId party(std::string_view name);
ByteArray<32> seed_of(std::uint64_t number);

// What a contributor holds, by number of the child: the plain side of an input.
struct Held {
  std::uint32_t cell = 0;
  std::size_t child = 0;
  std::int32_t day = 0;
  friend auto operator<=>(const Held&, const Held&) = default;
};

// What the figures must be, counted with sets of numbers and nothing of the product.
struct Expected {
  std::vector<std::uint64_t> tokens, pairs, entries;
};

struct Shape {
  Kind kind = Kind::children;
  std::size_t contributors = 3;
  std::size_t mixers = 2;          // the first ones are contributors too
  std::size_t outside_mixers = 0;  // how many of them are not
  std::uint32_t cells = 1;
  std::uint32_t entries = 16;
};

class Region {
 public:
  Region(std::uint64_t seed, Shape shape);

  // Each contributor holds some of `children`, in some cells or on some days.
  void fill_at_random(std::size_t children, std::uint64_t per_mille);
  Result<void> start(std::uint32_t attempt = 1, std::vector<PartyId> contributors = {});
  // Puts the next message of a random pair, or one role's next slice; false: nothing is left.
  bool step();
  void run();
  void tick(std::chrono::seconds by);
  void run_out();                      // the attempt's time, and the hub's a little later
  void kill(const PartyId& who);       // forgets its roles, as a process that ends does
  void come_back(const PartyId& who);  // and says so

  Plan plan(std::uint32_t attempt, std::vector<PartyId> contributors) const;
  Parties parties(const PartyId& self) const;
  Expected expected(const std::vector<PartyId>& contributors) const;
  const Plan& current() const { return *plan_; }
  LinkInput input_of(const PartyId& who) const;
  void put(Message m);  // onto the wire, as if sent
  Bytes sign_as(const PartyId& who, MessageType type, Bytes body, std::uint64_t sequence) const;

  struct Node {
    PartyId id;
    std::unique_ptr<SigningKey> key;
    std::unique_ptr<SeededRandom> rng;
    std::vector<Held> held;
    std::optional<LinkContributor> contributor;
    std::optional<LinkMixer> mixer;
    std::optional<UtcTime> contributor_wake;
    // Durable.
    std::optional<Hash64> sent;
    std::uint32_t last_attempt = 0;
    std::set<std::uint32_t> confirmed;
  };

  Shape shape;
  UtcTime now = kStart;
  PartyId hub_id = party("vale-hub");
  std::unique_ptr<SigningKey> hub_key;
  std::unique_ptr<SeededRandom> hub_rng;
  std::optional<LinkHub> hub;
  std::optional<LinkFigures> figures;
  std::optional<Error> failure;  // of the last attempt
  SessionId session;
  std::map<PartyId, Node> nodes;
  std::vector<PartyId> contributors, mixers;
  std::vector<Pseudonym> children;
  std::map<std::pair<PartyId, PartyId>, std::deque<Message>> wire;
  std::vector<Message> sent;  // everything ever put on the wire
  std::vector<Error> errors;  // everything refused without an effect
  std::vector<std::pair<PartyId, LogNote>> log;
  // Called before and after a role is at work, with "hub", "mixer" or "contributor", for whoever
  // measures it.
  std::function<void(std::string_view role, bool begins)> watch;
  bool keep_sent = true;  // messages in `sent`; else their number and bytes alone
  std::uint64_t messages = 0, bytes = 0;
  // Called on each message as it is put on the wire; what it returns goes instead.
  std::function<std::vector<Message>(Message)> intercept;

 private:
  Result<void> receive(const Message& m);
  Result<Step> node_step(Node& node, const Message& m);
  void carry_out(Node& node, bool as_mixer, Step step);
  void carry_out_hub(Step step);
  bool slice();
  template <class F>
  auto watched(std::string_view role, F work) {
    if (watch) watch(role, true);
    auto result = work();
    if (watch) watch(role, false);
    return result;
  }

  SeededRandom order_;
  std::optional<Plan> plan_;
  std::optional<UtcTime> hub_wake_;
};

void expect_figures(const Region& region);
// The attempt failed, naming `culprit` (empty: nobody), nothing came out, every role is over.
void expect_failed(const Region& region, const PartyId& culprit, std::string_view text);

}  // namespace hedgerow::protocol::link
