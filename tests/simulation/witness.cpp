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
  if (h.type == protocol::MessageType::evaluate_checked) {
    const auto checked = protocol::EvaluateChecked::decode(*body);
    if (!checked.ok()) return;
    const std::string batch = checked->batch.hex();
    const auto& log = log_of(keyholder);
    const bool said = std::any_of(log.rbegin(), log.rend(), [&](const SeenEntry& s) {
      return s.entry.kind == "evaluate-check" && s.entry.field("batch") == batch &&
             s.entry.field("check") == checked->check_hash.hex();
    });
    if (!said || !is_paid(keyholder, batch, 0, true))
      faults_.push_back("a check left " + keyholder + " for " + h.receiver.str() +
                        " before it was charged on the log");
    const std::vector<Element> element{checked->evaluated_element};
    on_elements(h, batch + " check", 1, encode_elements(element));
    return;
  }
  const auto response = protocol::EvaluateResponse::decode(*body);
  if (!response.ok()) return;
  const std::string batch = response->batch.hex();
  const std::uint64_t elements = response->evaluated_elements.size();
  if (!is_paid(keyholder, batch, elements, false))
    faults_.push_back("an evaluation left " + keyholder + " for " + h.receiver.str() +
                      " before it was charged on the log");
  on_elements(h, batch, elements, encode_elements(response->evaluated_elements));
}

// Whether the log says that this batch was charged: every element, and one more where it says that
// there may be a check. `elements` 0: however many it says.
bool Witness::is_paid(const std::string& keyholder, const std::string& batch,
                      std::uint64_t elements, bool check) const {
  const auto number = [](const SeenEntry& s, std::string_view field) {
    return std::stoull(std::string(s.entry.field(field)));
  };
  const auto& log = log_of(keyholder);
  return std::any_of(log.rbegin(), log.rend(), [&](const SeenEntry& s) {
    if (s.entry.kind != "evaluate" || s.entry.field("batch") != batch) return false;
    const std::uint64_t said = number(s, "elements");
    const std::uint64_t checks = number(s, "check");
    return (elements == 0 || elements == said) && (!check || checks == 1) &&
           number(s, "charged-import") + number(s, "charged-daily") == said + checks;
  });
}

void Witness::on_elements(const protocol::EnvelopeHeader& header, const std::string& name,
                          std::uint64_t elements, Bytes bytes) {
  auto& known = evaluated_[{header.sender.str(), header.receiver.str()}];
  const auto before = known.find(name);
  if (before == known.end())
    known.emplace(name, Evaluation{elements, std::move(bytes)});
  else if (before->second.bytes != bytes)
    faults_.push_back(header.sender.str() + " evaluated a batch or its check twice for " +
                      header.receiver.str());
}

std::uint64_t Witness::evaluated(const std::string& keyholder, const std::string& requester) const {
  const auto it = evaluated_.find({keyholder, requester});
  std::uint64_t sum = 0;
  if (it != evaluated_.end())
    for (const auto& [name, evaluation] : it->second) sum += evaluation.elements;
  return sum;
}

void Witness::on_answer(const std::string& home, const std::string& hub,
                        const std::vector<std::string>& contributors, const std::string& question,
                        const std::string& answer) {
  const auto has = [&](const std::string& party, std::string_view kind) {
    const auto log = effective(party);
    return std::any_of(log.begin(), log.end(),
                       [&](const SeenEntry* s) { return names(*s, kind, question, answer); });
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
