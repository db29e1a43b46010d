#include "tests/simulation/witness.h"

#include <algorithm>

#include "protocol/pseudonymise/messages.h"

namespace hedgerow::simulation {

namespace {

const std::vector<SeenEntry> kNothing;

bool names(const SeenEntry& s, std::string_view kind, std::string_view question,
           std::string_view answer) {
  return s.entry.kind == kind && s.entry.field("question") == question &&
         s.entry.field("answer") == answer;
}

}  // namespace

void Witness::look(const std::string& party, const audit::Log& log, const std::string& note) {
  auto& seen = logs_[party];
  const std::uint64_t size = log.size();
  if (size < seen.size()) {
    if (may_shrink_.erase(party) == 0) faults_.push_back("the log of " + party + " became shorter");
    seen.resize(size);
  }
  while (seen.size() < size) seen.push_back({++order_, log.read(seen.size()).value(), note});
}

const std::vector<SeenEntry>& Witness::log_of(const std::string& party) const {
  const auto it = logs_.find(party);
  return it == logs_.end() ? kNothing : it->second;
}

std::vector<const SeenEntry*> Witness::effective(const std::string& party) const {
  const auto& all = log_of(party);
  std::vector<bool> abandoned(all.size(), false);
  for (const auto& s : all) {
    if (s.entry.kind != "abandoned") continue;
    const std::uint64_t first = std::stoull(std::string(s.entry.field("first")));
    const std::uint64_t count = std::stoull(std::string(s.entry.field("count")));
    for (std::uint64_t i = first; i < first + count && i < all.size(); ++i) abandoned[i] = true;
  }
  std::vector<const SeenEntry*> out;
  for (std::size_t i = 0; i < all.size(); ++i)
    if (!abandoned[i]) out.push_back(&all[i]);
  return out;
}

void Witness::on_evaluation(const protocol::Envelope& envelope, const keys::Keyring& receiver) {
  const auto& h = envelope.header();
  const std::string keyholder = h.sender.str();
  if (!counted_.emplace(keyholder, h.receiver.str(), h.session, h.sequence).second) return;
  const auto body = envelope.open(receiver.seal(), receiver.public_keys().seal);
  if (!body.ok()) return;
  const auto response = protocol::EvaluateResponse::decode(*body);
  if (!response.ok()) return;
  const std::string batch = response->batch.hex();
  auto& batches = evaluated_[{keyholder, h.receiver.str()}];
  const std::uint64_t elements = response->evaluation.evaluated_elements.size();
  if (!batches.emplace(batch, elements).second) return;
  const auto& log = log_of(keyholder);
  const bool charged = std::any_of(log.rbegin(), log.rend(), [&](const SeenEntry& s) {
    return s.entry.kind == "evaluate" && s.entry.field("batch") == batch &&
           s.entry.field("elements") == std::to_string(elements);
  });
  if (!charged)
    faults_.push_back("an evaluation left " + keyholder + " for " + h.receiver.str() +
                      " before it was charged on the log");
}

std::uint64_t Witness::evaluated(const std::string& keyholder, const std::string& requester) const {
  const auto it = evaluated_.find({keyholder, requester});
  std::uint64_t sum = 0;
  if (it != evaluated_.end())
    for (const auto& [batch, elements] : it->second) sum += elements;
  return sum;
}

void Witness::on_answer(const std::string& home, const std::string& hub,
                        const std::vector<std::string>& contributors, const std::string& question,
                        const std::string& answer) {
  const auto has = [&](const std::string& party, std::string_view kind) {
    const auto& log = log_of(party);
    return std::any_of(log.begin(), log.end(),
                       [&](const SeenEntry& s) { return names(s, kind, question, answer); });
  };
  const auto missing = [&](const std::string& party) {
    faults_.push_back("an answer reached " + home + " that is not on the log of " + party);
  };
  if (!has(home, "answer.received")) missing(home);
  const bool fresh = has(hub, "answer");
  if (!fresh && !has(hub, "answer.served")) missing(hub);
  if (!fresh) return;  // the contributors hear of it later: evidence.h
  for (const std::string& party : contributors)
    if (!has(party, "answer")) missing(party);
}

}  // namespace hedgerow::simulation
