// A hub that does what none should, with the hub's own keys.
#pragma once

#include "tests/simulation/scenario.h"

namespace hedgerow::simulation {

class HostileHub {
 public:
  // Hooks itself into the region, which it must not outlive.
  // skips_a_signature: in its first sum it shows one contributor no roster, and yet another one
  //   "all" signatures, of which the missing one is a second copy of that one's own;
  // is_set_back: it ends, and is kept as it is; once somebody has opened a release it is back at
  //   that copy of itself and knows nothing of the attempt.
  HostileHub(Region& region, Hostility kind);

  bool has_acted() const { return acted_; }

 private:
  bool on_frame(const SentFrame& frame);
  bool skip_signature(const SentFrame& frame, const protocol::Envelope& envelope);
  void forge(const PartyId& to);
  bool set_back(const protocol::Envelope& envelope);

  Region& region_;
  Hostility kind_;
  bool acted_ = false;
  std::optional<SessionId> session_;
  std::string victim_;
  std::map<std::string, Bytes> signatures_;
  std::map<std::string, std::uint64_t> sequence_;  // last to each, in this session
};

}  // namespace hedgerow::simulation
