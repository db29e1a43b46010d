// A whole region in one process from a seed: the real core of each party, with real keys, stores
// and logs in a temporary folder, over a virtual network and under virtual clocks
// (docs/design/simulator.md). The same seed and options give the same frames, the same bytes in
// every log and the same answers.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "crypto/hash.h"
#include "node/core/core.h"
#include "policies/question.h"
#include "tests/simulation/coverage.h"
#include "tests/simulation/prepared.h"
#include "tests/simulation/witness.h"

namespace hedgerow::simulation {

struct Options {
  // The network between a node and the hub, each way; chances in thousandths.
  unsigned loss = 0;
  unsigned duplication = 0;
  std::chrono::milliseconds shortest_delay{2};
  std::chrono::milliseconds longest_delay{20};
  bool in_order = true;  // false: each frame has a delay of its own, so that they overtake
  Quotas quotas;         // of the standard shape
  std::optional<Shape> shape;
  bool with_key = false;  // from the day after the key was generated, not from the beginning
  // Not together with `with_key`.
  AgreementEdit edit;                        // of the agreement, before it is signed
  std::chrono::hours node_life = kNodeLife;  // of node certificates, from the beginning
  std::chrono::milliseconds restart_after{3000};
  // For machines whose disk forgets or fails: told at a planned point, before the node is taken
  // apart, and once it is gone, before it starts again (tests/faults/region_disk_test.cpp).
  store::Durability durability = store::Durability::simulated;
  std::function<void(const std::string& party)> ends;
  std::function<void(const std::string& party)> ended;
};

// The node ends at this point of its work and comes back by itself. Points are those of
// core::FaultPoint and "delivery": as a frame is handed to it. `skip`: how often it first passes;
// `during`: an activity (coverage.h), empty for any.
struct Crash {
  std::string party;
  std::string point;
  std::size_t skip = 0;
  std::string during = {};
  bool by_itself = false;  // it goes on from that point, until it stops over what `ends` has done
};

struct SentFrame {
  UtcTime at;
  std::size_t from = 0;  // index into names()
  std::size_t to = 0;    // one hop: one of the two is the hub
  Bytes bytes;
};

// How a command on a control socket ended.
struct Outcome {
  std::string party;  // on whose socket
  std::optional<nlohmann::json> result;
  std::optional<Error> error;
  bool lost = false;  // the node ended meanwhile
  std::vector<nlohmann::json> progress;
  bool ended() const { return result || error || lost; }
};

// What an analyst asks.
struct Ask {
  std::string home;
  SessionId id;
  std::size_t grant = 0;                   // of the shape
  std::optional<std::size_t> linked = {};  // of the shape, in place of a grant
  std::string from, to;                    // periods; empty: kPeriod
  bool as_practitioner = false;
  std::string purpose = {};  // empty: the grant's
};

class Region {
 public:
  explicit Region(std::uint64_t seed, Options options = {});
  ~Region();
  Region(const Region&) = delete;
  Region& operator=(const Region&) = delete;

  const Shape& shape() const { return paper_.shape; }
  const std::vector<std::string>& names() const { return names_; }  // of parties, the hub first

  // --- time ---
  UtcTime now() const { return now_; }
  // Until `done` holds, or `limit` of virtual time has passed. Returns done().
  bool run_until(const std::function<bool()>& done, std::chrono::seconds limit);
  void run_for(std::chrono::seconds time);
  // Calls it at that time, between two events.
  void at(UtcTime time, std::function<void()> what);

  // --- nodes ---
  void crash(const std::string& party);  // loses everything that is not durable
  void start(const std::string& party);  // again
  bool is_up(const std::string& party) const;
  void restart_all();
  // The party's officer puts this into restrictions.toml ("" takes the file away), and the daemon
  // reads it, now and at every start.
  void restrict_by(const std::string& party, const std::string& toml);
  core::Core& core(const std::string& party);
  core::LineageNode& lineage(const std::string& party);
  bool has_lineage(const std::string& party) const;
  const keys::Keyring& keyring(const std::string& party) const;
  // Crashes to come, in any order; each happens once.
  void plan(Crash crash) { plan_.push_back(std::move(crash)); }
  std::size_t planned() const { return plan_.size(); }
  void forget_plan() { plan_.clear(); }
  // How much the node's clock is ahead.
  void set_clock(const std::string& party, std::chrono::milliseconds ahead);
  // The state folder of a node that is not up, put aside and put back.
  void keep_copy(const std::string& party);
  void put_copy_back(const std::string& party);

  // --- commands, as the command line gives them ---
  core::ConnectionId command(const std::string& party, const nlohmann::json& request,
                             const std::optional<std::string>& file = {});
  const Outcome& outcome(core::ConnectionId id) const { return outcomes_.at(id); }
  // Waits for the end; neither result nor error after `limit`.
  Outcome wait(core::ConnectionId id, std::chrono::seconds limit = std::chrono::seconds(600));

  void hang_up(core::ConnectionId id);  // whoever waited has gone

  nlohmann::json install_request() const;
  nlohmann::json ask_request(const Ask& ask) const;
  nlohmann::json ask_request(const SessionId& id, const std::string& period = "") const;
  nlohmann::json ask_request(const SessionId& id, policies::QuestionWords words) const;
  bool key_is_ready() const;  // at every party

  // What the people of a region do, who try again where a node ended under their hands or said
  // that they should. False, or nothing, where it does not come to an end.
  bool install_everywhere();
  bool generate_key(std::chrono::seconds limit = std::chrono::seconds(3600));
  std::optional<nlohmann::json> import(const std::string& party, const std::string& csv);
  std::optional<nlohmann::json> ask(const SessionId& id);
  // Another question of the first analyst's; an error that waiting does not mend is given back.
  Outcome ask(const SessionId& id, const policies::QuestionWords& words);

  // --- the network ---
  const std::vector<SentFrame>& frames() const { return frames_; }
  // Sees every frame as it is sent; true swallows it.
  void intercept(std::function<bool(const SentFrame&)> hook) { hook_ = std::move(hook); }
  // Hands bytes to a node as its gateway would, now, as coming from that key.
  void inject(const std::string& to, const ipc::CurveKey& from, const Bytes& bytes);
  ipc::CurveKey curve_of(const std::string& party) const;
  bool hub_lets_in(const std::string& party) const;
  void cut_off(const std::string& party, bool cut);
  void lose_gateway(const std::string& party);
  void return_gateway(const std::string& party);
  void slow_down(const std::string& party, std::chrono::milliseconds extra);
  // No loss, no duplication, no delay beyond the usual, everybody connected, all clocks right.
  void heal();

  // --- what it came to ---
  const Identities& identities() const { return paper_.identities; }
  std::filesystem::path home(const std::string& party) const { return folder_ / party; }
  std::size_t reports(const std::string& party) const;  // lines for the operator
  const std::string& last_report(const std::string& party) const;
  const std::vector<std::string>& failures() const { return failures_; }  // nodes that stopped
  const std::vector<Error>& stopped() const { return stopped_; }  // as planned, by themselves
  const Witness& witness() const { return witness_; }
  const Coverage& coverage() const { return coverage_; }
  // The last lines of what happened, for whoever looks for a defect.
  const std::deque<std::string>& trace() const { return trace_; }
  void note(std::string line);
  // SHA-256 over every frame sent (time, sender, receiver, bytes) and every log file.
  std::string fingerprint() const;

 private:
  struct Node;
  struct Event {
    UtcTime at;
    std::uint64_t number = 0;  // order among events of one time
    std::size_t node = 0;
    std::uint64_t incarnation = 0;  // for that life of the node and its gateway alone
    std::optional<ipc::FromGateway> message;
    std::function<void()> call;
    friend bool operator<(const Event& a, const Event& b) {
      return a.at != b.at ? a.at < b.at : a.number < b.number;
    }
  };

  const Prepared& choose_paper();
  Node& node(const std::string& party);
  const Node& node(const std::string& party) const;
  UtcTime clock_of(const Node& n) const;
  bool step(UtcTime limit);
  void handle(Event event);
  void schedule(UtcTime at, std::size_t node, ipc::FromGateway message);
  void restart_later(Node& n);
  void with(Node& n, std::string_view activity, const std::function<void(core::Core&)>& what);
  void lose(Node& n, bool disk_answers = true);
  void unlink(Node& leaf, const Node& gone);
  void bring_up(Node& n);
  void update_links();
  bool has_stopped(Node& n, const Error& why);
  void on_point(std::size_t node, std::string_view point);
  bool transmit(Node& from, const ipc::CurveKey& to, ByteView bytes);
  void on_reply(Node& n, core::ConnectionId id, const ipc::Frame& frame);
  std::chrono::milliseconds delay(const Node& leaf);
  bool chance(unsigned thousandths);

  Options options_;
  std::unique_ptr<Prepared> own_paper_;  // empty where it is shared
  const Prepared& paper_;
  std::vector<std::string> names_;
  std::filesystem::path folder_;
  UtcTime now_;
  SeededRandom network_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::set<Event> events_;
  std::uint64_t next_event_ = 1;
  std::vector<SentFrame> frames_;
  std::function<bool(const SentFrame&)> hook_;
  std::map<core::ConnectionId, Outcome> outcomes_;
  core::ConnectionId next_command_ = 1;
  std::vector<Crash> plan_;
  std::vector<std::string> failures_;
  std::vector<Error> stopped_;
  Witness witness_;
  Coverage coverage_;
  std::deque<std::string> trace_;
};

}  // namespace hedgerow::simulation
