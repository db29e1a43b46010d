// One trace as two people of a home make it at its control socket: prepared, signed, approved, its
// result called for. It goes on where a node ended under their hands.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "tests/simulation/simulator.h"

namespace hedgerow::simulation {

inline constexpr std::string_view kTracePurpose = "safeguard-a-child";
inline constexpr std::string_view kTraceBasis = "uk-gdpr:6(1)(e)";

class Tracing {
 public:
  enum class Stage { prepare, sign, approve, collect };

  // `child`: who it is about (nhs_number).
  Tracing(std::string home, std::size_t child) : home_(std::move(home)), child_(child) {}

  const std::string& home() const { return home_; }
  std::size_t child() const { return child_; }
  Stage stage() const { return stage_; }
  // Of the trace that was prepared last.
  const std::optional<SessionId>& id() const { return id_; }

  // Gives the next command.
  core::ConnectionId begin(Region& region);
  // How it ended. True: the result is there. Where it went wrong, what comes next is said by
  // stage(), and why by the outcome.
  bool on(const Outcome& outcome);
  // hedgerow/trace-result/1.
  const nlohmann::json& result() const { return result_; }

  // Statements, as their people would sign them now.
  nlohmann::json request(const Region& region) const;
  nlohmann::json approval(const Region& region) const;
  nlohmann::json collect(const Region& region) const;

 private:
  std::string home_;
  std::size_t child_;
  Stage stage_ = Stage::prepare;
  std::optional<SessionId> id_;
  Bytes order_;
  UtcTime not_after_{};
  Bytes request_;
  nlohmann::json result_;
};

// From the beginning to the result, with patience; nothing where it does not come to an end.
std::optional<nlohmann::json> trace(Region& region, const std::string& home, std::size_t child);
// What the result says of a party: its status.
std::string traced_status(const nlohmann::json& result, const std::string& party);

}  // namespace hedgerow::simulation
