#include "tests/simulation/coverage.h"

#include <sstream>

namespace hedgerow::simulation {

using protocol::MessageType;

std::string_view activity_of(MessageType type) {
  switch (type) {
    case MessageType::installed:
    case MessageType::dkg_start:
    case MessageType::dkg_round1:
    case MessageType::dkg_round2:
    case MessageType::dkg_signature:
    case MessageType::dkg_certificate:
    case MessageType::dkg_abort:
    case MessageType::key_ready:
      return "key-generation";
    case MessageType::evaluate_request:
    case MessageType::evaluate_response:
    case MessageType::evaluate_refusal:
    case MessageType::evaluate_check:
    case MessageType::evaluate_checked:
    case MessageType::evaluate_prove:
      return "pseudonyms";
    case MessageType::ask:
    case MessageType::question:
    case MessageType::countersigned:
    case MessageType::question_status:
      return "question";
    case MessageType::sum_start:
    case MessageType::sum_manifest:
    case MessageType::sum_advert:
    case MessageType::sum_roster:
    case MessageType::sum_roster_signature:
    case MessageType::sum_roster_signatures:
    case MessageType::sum_masked_input:
    case MessageType::sum_masked_hash:
    case MessageType::sum_masked_hashes:
    case MessageType::sum_opening:
    case MessageType::sum_standing:
    case MessageType::sum_standings:
    case MessageType::sum_match_rate:
    case MessageType::sum_refusal:
    case MessageType::sum_void:
      return "sum";
    case MessageType::link_call:
    case MessageType::link_key:
    case MessageType::link_manifest:
    case MessageType::link_manifest_signature:
    case MessageType::link_begin:
    case MessageType::link_list:
    case MessageType::link_blinded:
    case MessageType::link_evaluated:
    case MessageType::link_list_seen:
    case MessageType::link_check:
    case MessageType::link_checked:
    case MessageType::link_prove:
    case MessageType::link_proof:
    case MessageType::link_entries:
    case MessageType::link_onions:
    case MessageType::link_entries_seen:
    case MessageType::link_batch:
    case MessageType::link_counts:
    case MessageType::link_cascade:
    case MessageType::link_hashes:
    case MessageType::link_confirmations:
    case MessageType::link_confirmation:
    case MessageType::link_refusal:
    case MessageType::link_void:
      return "link";
    case MessageType::trace_header_get:
    case MessageType::trace_header:
    case MessageType::trace_chunk_get:
    case MessageType::trace_chunk:
    case MessageType::trace_request:
    case MessageType::trace_approval:
    case MessageType::trace_ask:
    case MessageType::trace_notice:
    case MessageType::trace_answer:
    case MessageType::trace_refusal:
    case MessageType::trace_collect:
      return "trace";
    case MessageType::answer_hash:
    case MessageType::receipt:
    case MessageType::served:
      return "receipts";
    case MessageType::answer:
    case MessageType::answer_delivery:
      return "answer";
    case MessageType::renewed:
    case MessageType::revocations:
      return "certificates";
    case MessageType::ack:
    case MessageType::skip:
      return "transport";
  }
  return "transport";
}

const std::vector<std::string>& all_points() {
  static const std::vector<std::string> points = {
      "before_commit",     "after_append", "after_transaction", "after_confirm", "after_send",
      "delivery",          "ack_taken",    "start_opened",      "start_agreed",  "install_stored",
      "install_committed", "charged",      "period_frozen"};
  return points;
}

const std::vector<std::string>& all_faults() {
  static const std::vector<std::string> faults = {
      "loss",         "duplication",           "disorder",     "cut-off",
      "slow-peer",    "gateway-lost",          "node-away",    "clock-within-tolerance",
      "clock-beyond", "hub-skips-a-signature", "hub-set-back", "frame-replayed"};
  return faults;
}

const std::vector<std::string>& all_activities() {
  static const std::vector<std::string> activities = {
      "key-generation", "pseudonyms", "question", "sum", "link", "receipts", "answer",
      "trace",          "install",    "import",   "ask", "time", "start",    "transport"};
  return activities;
}

void Coverage::pass(std::string_view point, std::string_view activity) {
  ++points_[std::string(point)][std::string(activity)].passed;
}

void Coverage::hit(std::string_view point, std::string_view activity) {
  ++points_[std::string(point)][std::string(activity)].hit;
}

void Coverage::fault(std::string_view name, std::uint64_t times) {
  if (times != 0) faults_[std::string(name)] += times;
}

void Coverage::add(const Coverage& other) {
  for (const auto& [point, activities] : other.points_)
    for (const auto& [activity, count] : activities) {
      Count& here = points_[point][activity];
      here.passed += count.passed;
      here.hit += count.hit;
    }
  for (const auto& [name, times] : other.faults_) faults_[name] += times;
}

std::string Coverage::table() const {
  std::ostringstream out;
  out << "fault point: passed, hit (by activity)\n";
  for (const auto& [point, activities] : points_) {
    Count all;
    std::string by;
    for (const auto& [activity, count] : activities) {
      all.passed += count.passed;
      all.hit += count.hit;
      if (count.hit != 0)
        by += (by.empty() ? "" : ", ") + activity + " " + std::to_string(count.hit);
    }
    out << "  " << point << ": " << all.passed << ", " << all.hit << " (" << by << ")\n";
  }
  out << "other faults\n";
  for (const auto& [name, times] : faults_) out << "  " << name << ": " << times << "\n";
  return out.str();
}

std::vector<std::string> Coverage::missing() const {
  std::vector<std::string> out;
  std::map<std::string, std::uint64_t> by_activity;
  for (const std::string& point : all_points()) {
    std::uint64_t hits = 0;
    const auto it = points_.find(point);
    if (it != points_.end())
      for (const auto& [activity, count] : it->second) hits += count.hit;
    if (hits == 0) out.push_back("fault point " + point);
  }
  for (const auto& [point, activities] : points_)
    for (const auto& [activity, count] : activities) by_activity[activity] += count.hit;
  for (const std::string& activity : all_activities())
    if (by_activity[activity] == 0) out.push_back("a crash during " + activity);
  for (const std::string& name : all_faults())
    if (!faults_.contains(name)) out.push_back("fault " + name);
  return out;
}

std::string Coverage::encode() const {
  std::ostringstream out;
  for (const auto& [point, activities] : points_)
    for (const auto& [activity, count] : activities)
      out << "point " << point << ' ' << activity << ' ' << count.passed << ' ' << count.hit
          << '\n';
  for (const auto& [name, times] : faults_) out << "fault " << name << ' ' << times << '\n';
  return out.str();
}

Coverage Coverage::decode(const std::string& text) {
  Coverage out;
  std::istringstream in(text);
  std::string what, name, activity;
  while (in >> what >> name) {
    if (what == "point") {
      Count count;
      in >> activity >> count.passed >> count.hit;
      out.points_[name][activity] = count;
    } else {
      in >> out.faults_[name];
    }
  }
  return out;
}

}  // namespace hedgerow::simulation
