// A real core alone with its disk: rows without identifiers are imported without keyholders, so a
// whole import happens on one node.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>

#include "crypto/random.h"
#include "node/core/core.h"
#include "tests/faults/home.h"

namespace hedgerow::faults {

class LoneNode : public core::Surroundings {
 public:
  explicit LoneNode(std::filesystem::path home);

  // As the daemon begins. What it throws at `fault_point` ends it there.
  Result<void> open(core::FaultPoint fault_point = {});
  void close() { core_.reset(); }  // without any farewell
  core::Core& core() { return *core_; }

  struct Imported {
    std::uint64_t added = 0;
    std::uint64_t unchanged = 0;
  };
  // `rows` rows whose references begin with `name`. Nothing: no reply came.
  std::optional<Result<Imported>> import(const std::string& name, std::size_t rows);

  bool send_to_peer(const ipc::CurveKey&, ByteView) override { return false; }
  void configure_gateway(const ipc::Configure&) override {}
  void reply(core::ConnectionId connection, const ipc::Frame& frame) override;
  void report(const std::string& line) override { reports.push_back(line); }

  UtcTime now;
  std::vector<std::string> reports;

 private:
  std::filesystem::path home_;
  SeededRandom rng_{ByteArray<32>{17}};
  std::optional<keys::Keyring> keyring_;
  std::unique_ptr<core::Core> core_;
  core::ConnectionId connection_ = 0;
  std::optional<Result<Imported>> outcome_;
};

}  // namespace hedgerow::faults
