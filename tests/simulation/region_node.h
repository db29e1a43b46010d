// One node of a region: a core and what surrounds it. For the region's own sources.
#pragma once

#include "tests/simulation/simulator.h"

namespace hedgerow::simulation {

struct Region::Node : core::Surroundings {
  Region* region = nullptr;
  std::size_t index = 0;
  std::string name;
  std::optional<SeededRandom> rng;  // goes on through all lives
  std::optional<keys::Keyring> keyring;
  std::unique_ptr<core::Core> core;
  policies::Restrictions restrictions;
  std::uint64_t incarnation = 0;
  std::string activity;  // of what it handles now
  std::string people;    // what people do at it
  std::chrono::milliseconds ahead{0};
  ipc::Credits credits;
  std::optional<ipc::Configure> configured;
  bool has_gateway = true;
  // The link to the hub, of every node but the hub.
  bool linked = false;
  bool cut_off = false;
  std::chrono::milliseconds slower{0};
  UtcTime quiet_until{};           // until then the other end may not know that the link is gone
  UtcTime last_up{}, last_down{};  // latest arrival, to the hub and from it
  bool will_stop = false;          // a planned fault of its machine is upon it
  std::size_t reports = 0;
  std::string last_report;
  std::uint64_t steps = 0;
  UtcTime stepped_at{};

  bool send_to_peer(const ipc::CurveKey& peer, ByteView bytes) override {
    return region->transmit(*this, peer, bytes);
  }
  void configure_gateway(const ipc::Configure& c) override { configured = c; }
  void reply(core::ConnectionId id, const ipc::Frame& frame) override {
    region->on_reply(*this, id, frame);
  }
  void report(const std::string& line) override {
    ++reports;
    last_report = line;
    region->note(name + " reports: " + line);
  }
  ipc::CurveKey curve() const { return {keyring->public_keys().curve}; }
};

}  // namespace hedgerow::simulation
