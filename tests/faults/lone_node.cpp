#include "tests/faults/lone_node.h"

#include "node/daemon/config.h"
#include "tests/simulation/identities.h"

namespace hedgerow::faults {

LoneNode::LoneNode(std::filesystem::path home)
    : now(from_unix_ms(simulation::kBeginning)), home_(std::move(home)) {}

Result<void> LoneNode::open(core::FaultPoint fault_point) {
  core_.reset();
  keyring_.reset();
  HR_ASSIGN(const auto config, daemon::load_config(home_ / "hedgerow.toml"));
  HR_ASSIGN(auto keyring, keys::Keyring::open(home_));
  keyring_.emplace(std::move(keyring));
  core::CoreSetup setup;
  setup.party = config.party;
  setup.hub = config.hub;
  setup.state = home_ / "state";
  setup.fault_point = std::move(fault_point);
  HR_ASSIGN(core_, core::Core::open(std::move(setup), *keyring_, rng_, *this, now));
  return {};
}

std::optional<Result<LoneNode::Imported>> LoneNode::import(const std::string& name,
                                                           std::size_t rows) {
  std::string csv =
      "nhs_number,child_ref,date_of_birth,source_ref,event,started_at,origin,destination\n";
  for (std::size_t i = 0; i < rows; ++i)
    csv += "," + name + "-C" + std::to_string(i / 2) + ",2012-03-15," + name + "-S" +
           std::to_string(i) + ",missing,2026-08-01,E06000060,E06000060\n";
  ++connection_;
  outcome_.reset();
  const nlohmann::json request = {{"command", "import-movements"}, {"source", "movements.csv"}};
  core_->on_control(connection_, ipc::control_frame(ipc::ControlKind::request, request.dump()),
                    now);
  if (!outcome_) core_->on_control(connection_, ipc::data_frame(as_bytes(csv)), now);
  if (!outcome_) core_->on_control(connection_, ipc::data_end_frame(), now);
  return outcome_;
}

void LoneNode::reply(core::ConnectionId connection, const ipc::Frame& frame) {
  const auto kind = static_cast<ipc::ControlKind>(frame.kind);
  if (connection != connection_ || kind == ipc::ControlKind::progress) return;
  if (kind == ipc::ControlKind::error) {
    outcome_ = ipc::read_error(frame);
    return;
  }
  const auto j = nlohmann::json::parse(ipc::text_of(frame));
  HR_CHECK(j.value("imported", false));
  outcome_ = Imported{j.at("added").get<std::uint64_t>(), j.at("unchanged").get<std::uint64_t>()};
}

}  // namespace hedgerow::faults
