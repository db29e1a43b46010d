// Thousands of strangers at once, in one process and one thread: plain sockets that speak just
// enough ZMTP to be in the way.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "node/ipc/link.h"
#include "node/ipc/socket.h"

namespace hedgerow::gateway {

// Greeting and HELLO as ZeroMQ itself says them to this hub; they may be said any number of times.
Bytes record_opening(const ipc::CurveKey& hub);

// A plain connection to tcp://127.0.0.1:port.
ipc::Fd dial(const std::string& endpoint);

struct CrowdPlan {
  std::string endpoint;         // tcp://127.0.0.1:port
  ipc::CurveKey hub;            // its public key, which every stranger may know
  std::size_t idle = 0;         // connections that say greeting and HELLO and then nothing more
  std::size_t silent = 0;       // connections that never say a word
  std::size_t flood_per_s = 0;  // connections that say HELLO, are welcomed or not, and drop
  std::size_t opens_per_s = 0;  // at most so many connections of all kinds are begun a second
};

struct CrowdCount {
  std::uint64_t opened = 0;    // connections begun
  std::uint64_t welcomed = 0;  // HELLOs answered with WELCOME
  std::uint64_t ended = 0;     // ended by the hub, or never established
  std::size_t held = 0;        // idle and silent ones that are there now
};

class Crowd {
 public:
  explicit Crowd(CrowdPlan plan);
  ~Crowd();
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

  // Opens again whatever was closed, and floods, for this long.
  void run_for(std::chrono::milliseconds time);
  CrowdCount count() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hedgerow::gateway
