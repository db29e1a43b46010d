// The core: everything a node does, without sockets, clock or a gateway of its own. The daemon
// drives it from poll(), the simulator from a virtual network; it is the same code.
#pragma once

#include <array>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "node/core/lineage_node.h"
#include "node/ipc/control.h"
#include "node/ipc/link.h"
#include "node/store/node_store.h"

namespace hedgerow::core {

using ConnectionId = std::uint64_t;  // a connection of the control socket

// What the core needs done. Called from within its event functions.
class Surroundings {
 public:
  virtual ~Surroundings() = default;
  // False: not connected, or no credit.
  virtual bool send_to_peer(const ipc::CurveKey& peer, ByteView bytes) = 0;
  virtual void configure_gateway(const ipc::Configure& configuration) = 0;
  virtual void reply(ConnectionId connection, const ipc::Frame& frame) = 0;
  // One line for the operator's log: what was refused, and who did it.
  virtual void report(const std::string& line) = 0;
};

struct CoreSetup {
  PartyId party;
  std::string hub;     // endpoint to dial; empty on the hub
  std::string listen;  // endpoint to listen on; empty elsewhere
  std::filesystem::path state;
  std::optional<SealPublicKey> reidentification;
  // To whom case references of traces are sealed; without them no trace can be requested here.
  std::optional<std::array<SealPublicKey, 2>> trace_officers;
  policies::Restrictions restrictions;  // of this node's own officer
  store::Durability durability = store::Durability::full;
  FaultPoint fault_point = {};
};

class ControlDesk;

class Core {
 public:
  // Opens, or makes at the first start, the node's store and log, reconciles them, and takes up
  // every lineage. `keyring`, `rng` and `surroundings` outlive the core.
  // Errors: configuration, saying what to do.
  static Result<std::unique_ptr<Core>> open(CoreSetup setup, keys::Keyring& keyring, Random& rng,
                                            Surroundings& surroundings, UtcTime now);
  ~Core();

  // Whether what lies in `state` belongs together as far as a look at the folder shows: nothing at
  // all, before the first start; or database and log. Errors: configuration.
  static Result<void> check_files(const std::filesystem::path& state);

  void on_gateway(const ipc::FromGateway& message, UtcTime now);
  // The gateway's connection is gone; it will come again.
  void on_gateway_lost();
  void on_control(ConnectionId connection, const ipc::Frame& frame, UtcTime now);
  void on_control_closed(ConnectionId connection);
  void on_time(UtcTime now);
  std::optional<UtcTime> next_wake() const;
  // What is decided from now on is decided under these; every lineage's log notes a change.
  void on_restrictions(policies::Restrictions restrictions, UtcTime now);

  // Set where the node must stop: memory, disk and log may no longer agree. What was
  // acknowledged is durable; the next start takes up from there.
  const std::optional<Error>& fatal() const { return fatal_; }

  // For the control desk.
  const CoreSetup& setup() const { return setup_; }
  const keys::Keyring& keyring() const { return keyring_; }
  const policies::CodeList& codes() const { return codes_; }
  audit::Log& log() { return *log_; }
  Surroundings& surroundings() { return surroundings_; }
  std::map<Lineage, std::unique_ptr<LineageNode>>& lineages() { return lineages_; }
  bool gateway_is_up() const { return gateway_up_; }
  std::size_t peers_up() const { return peers_up_.size(); }
  // Notes an error of a command or a message; stops the node where it is fatal.
  void note(const Error& error);
  const policies::Restrictions& restrictions() const { return setup_.restrictions; }
  // A verified agreement with its certificates becomes a lineage of this node.
  Result<LineageNode*> add_lineage(policies::Agreement agreement, Peers peers,
                                   const store::AgreementRecord& record,
                                   const std::vector<store::CertificateRecord>& certificates,
                                   UtcTime now);
  void configure_gateway();
  // The node's new certificate, in the keyring and in every lineage. Nothing has changed after an
  // error that is not fatal. Errors as Peer::check_renewal; denied: no agreement is installed.
  Result<void> renew(const Certificate& renewed, UtcTime now);
  // A party's list of revoked certificates, in every lineage that names its root; gives that party
  // once a lineage. Errors as IdentityDesk::check_list; bad_input: no lineage does.
  Result<std::vector<PartyId>> publish(const RevocationList& list, UtcTime now);
  // The lists known in any lineage of this node.
  std::vector<RevocationList> known_lists() const;

 private:
  struct LinkOutlet;

  Core(CoreSetup setup, keys::Keyring& keyring, Random& rng, Surroundings& surroundings);
  Result<void> start(UtcTime now);
  Result<void> open_lineages(UtcTime now);
  Result<void> note_restrictions(UtcTime now);
  // Nothing where the lineage's log says so already.
  Result<Work> restrictions_note(store::LineageStore& store, const Lineage& lineage, UtcTime now);
  Result<std::unique_ptr<LineageNode>> make_node(LineageContext context, UtcTime now);
  void at(std::string_view point) const {
    if (setup_.fault_point) setup_.fault_point(point);
  }
  void on_received(const ipc::Received& message, UtcTime now);
  UtcTime clock(UtcTime now);
  void warn_of_expiry(UtcTime now);

  CoreSetup setup_;
  keys::Keyring& keyring_;
  Random& rng_;
  Surroundings& surroundings_;
  const policies::CodeList& codes_;
  std::unique_ptr<store::KeyWrap> wrap_;
  std::unique_ptr<store::NodeStore> store_;
  std::unique_ptr<audit::Log> log_;
  std::unique_ptr<LinkOutlet> outlet_;
  std::map<Lineage, std::unique_ptr<LineageNode>> lineages_;
  std::unique_ptr<ControlDesk> control_;
  std::set<ipc::CurveKey> peers_up_;
  std::set<ipc::CurveKey> fresh_;  // up, and without credit so far
  bool gateway_up_ = false;
  UtcTime latest_{};
  std::chrono::sys_days warned_on_{};  // a day's warnings are given once
  std::optional<Error> fatal_;
};

}  // namespace hedgerow::core
