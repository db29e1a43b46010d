// Which fault points were passed and hit, and during what; which other faults came.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/message.h"

namespace hedgerow::simulation {

// What a node is at when it handles a message of this type: "key generation", "pseudonyms",
// "question", "sum", "receipts", "answer", "transport".
std::string_view activity_of(protocol::MessageType type);

// Every point that a node can end at; on top of Exchange's those of starts, installations and
// evaluations (docs/design/simulator.md).
const std::vector<std::string>& all_points();
// Every other fault.
const std::vector<std::string>& all_faults();
// Activities in which some crash must have come.
const std::vector<std::string>& all_activities();

class Coverage {
 public:
  struct Count {
    std::uint64_t passed = 0;
    std::uint64_t hit = 0;
  };

  void pass(std::string_view point, std::string_view activity);
  void hit(std::string_view point, std::string_view activity);
  void fault(std::string_view name, std::uint64_t times = 1);
  void add(const Coverage& other);

  // One line a point: how often passed and hit, and the hits by activity; then the other faults.
  std::string table() const;
  // Points, activities and faults that never came.
  std::vector<std::string> missing() const;

  std::string encode() const;  // lines of words, for the process that adds up
  static Coverage decode(const std::string& text);

 private:
  std::map<std::string, std::map<std::string, Count>> points_;  // by point, by activity
  std::map<std::string, std::uint64_t> faults_;
};

}  // namespace hedgerow::simulation
