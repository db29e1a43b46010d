#include "tests/simulation/evidence.h"

#include <algorithm>
#include <set>

#include "node/audit/verify.h"
#include "protocol/sum/messages.h"

namespace hedgerow::simulation {

namespace {

using Logs = std::map<std::string, std::vector<audit::Entry>>;

const audit::Entry* find_answer(const std::vector<audit::Entry>& log, std::string_view question,
                                std::string_view answer) {
  for (const auto& e : log)
    if ((e.kind == "answer" || e.kind == "answer.served") && e.field("question") == question &&
        e.field("answer") == answer)
      return &e;
  return nullptr;
}

void check_answers(const Logs& logs, std::vector<std::string>& faults) {
  for (const auto& [home, log] : logs)
    for (const auto& received : log) {
      if (received.kind != "answer.received") continue;
      const auto question = received.field("question");
      for (const auto& [party, other] : logs) {
        const auto* entry = find_answer(other, question, received.field("answer"));
        const std::string what = "answer to " + std::string(question) + " at " + home;
        if (entry == nullptr)
          faults.push_back(what + " is not on the log of " + party);
        else if (entry->kind == "answer" && entry->time > received.time)
          faults.push_back(what + " was received before it was on the log of " + party);
        else if (party != kHub && entry->field("decision") != "permit")
          faults.push_back(what + " was not permitted by " + party);
      }
    }
}

// Whether a crash kept the transaction from coming about for which this entry was logged.
bool was_abandoned(const std::vector<audit::Entry>& log, std::size_t i) {
  for (std::size_t j = i + 1; j < log.size(); ++j) {
    if (log[j].kind == "abandoned" &&
        log[j].field("generation") == std::to_string(log[i].generation))
      return true;
    if (log[j].generation > log[i].generation) return false;
  }
  return false;
}

void check_editions(const Logs& logs, std::vector<std::string>& faults) {
  std::map<std::string, std::set<std::string>> editions;
  for (const auto& [party, log] : logs) {
    std::map<std::string, std::size_t> here;
    for (std::size_t i = 0; i < log.size(); ++i) {
      const auto& e = log[i];
      if ((e.kind != "release" && e.kind != "edition") || was_abandoned(log, i)) continue;
      const std::string what = std::string(e.field("grant")) + "/" + std::string(e.field("table")) +
                               "/" + std::string(e.field("period"));
      editions[what].insert(std::string(e.field("edition")) + std::string(e.field("head")));
      if (++here[what] > 1) faults.push_back(party + " logged two editions of " + what);
    }
  }
  for (const auto& [what, hashes] : editions)
    if (hashes.size() != 1) faults.push_back(what + " has several editions");
}

void check_openings(Region& region, const std::string& party, std::vector<std::string>& faults) {
  auto& context = region.lineage(party).context();
  const auto release = protocol::sum::release_id(context.id(), "movements", "flows", kPeriod);
  const auto attempts = context.store.attempts().list(release.view()).value();
  const auto opened = std::count_if(attempts.begin(), attempts.end(), [](const auto& a) {
    return a.state == store::AttemptState::opened;
  });
  if (opened > 1) faults.push_back(party + " opened a release twice");
}

void check_quotas(Region& region, const std::string& keyholder, std::vector<std::string>& faults) {
  auto& context = region.lineage(keyholder).context();
  const auto& limits = context.agreement.pseudonyms;
  const auto today = std::chrono::floor<std::chrono::days>(region.now()).time_since_epoch().count();
  auto ledger = context.store.ledger();
  for (const auto& requester : context.agreement.party_ids()) {
    if (ledger.import_spent(requester).value() > limits.import_quota)
      faults.push_back(keyholder + " exceeded the import quota of " + requester.str());
    for (std::int64_t day = today - 40; day <= today; ++day)
      if (ledger.daily_spent(requester, day).value() > limits.daily_quota)
        faults.push_back(keyholder + " exceeded the daily quota of " + requester.str());
  }
}

}  // namespace

std::vector<audit::Entry> verified_log(Region& region, const std::string& party,
                                       std::vector<std::string>& faults) {
  const auto file = region.home(party) / "export.log";
  std::error_code ignored;
  std::filesystem::remove(file, ignored);
  audit::export_log(region.core(party).log(), file).value();
  const NoteKey key{audit::log_name(PartyId::parse(party).value()),
                    region.identities().nodes.at(party).node_keys().log};
  std::vector<audit::Entry> entries;
  const auto verified = audit::verify_export(
      file, key, {}, [&](std::uint64_t, const audit::Entry& e) -> Result<void> {
        entries.push_back(e);
        return {};
      });
  if (!verified.ok()) faults.push_back(party + ": " + verified.error().text);
  return entries;
}

std::vector<audit::Entry> effective(const std::vector<audit::Entry>& log) {
  std::set<std::uint64_t> abandoned;
  for (const auto& e : log) {
    if (e.kind != "abandoned") continue;
    const std::uint64_t first = std::stoull(std::string(e.field("first")));
    const std::uint64_t count = std::stoull(std::string(e.field("count")));
    for (std::uint64_t i = 0; i < count; ++i) abandoned.insert(first + i);
  }
  std::vector<audit::Entry> out;
  for (std::size_t i = 0; i < log.size(); ++i)
    if (!abandoned.contains(i)) out.push_back(log[i]);
  return out;
}

std::vector<std::string> faults_of(Region& region) {
  std::vector<std::string> faults = region.failures();
  if (!faults.empty()) return faults;
  Logs logs;
  for (const std::string& party : party_names()) {
    logs[party] = effective(verified_log(region, party, faults));
    check_quotas(region, party, faults);
    check_openings(region, party, faults);
  }
  check_answers(logs, faults);
  check_editions(logs, faults);
  return faults;
}

std::size_t count_of(const std::vector<audit::Entry>& log, std::string_view kind) {
  return static_cast<std::size_t>(
      std::count_if(log.begin(), log.end(), [&](const auto& e) { return e.kind == kind; }));
}

std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> state_of(Region& region) {
  std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> out;
  for (const std::string& party : party_names())
    if (region.is_up(party))
      out[party] = {region.core(party).log().size(),
                    region.lineage(party).context().store.database().generation()};
  return out;
}

bool settle(Region& region) {
  const auto quiet = [&] {
    return std::all_of(party_names().begin(), party_names().end(), [&](const auto& party) {
      return region.is_up(party) &&
             region.lineage(party).context().store.outbox().count().value() == 0;
    });
  };
  for (int second = 0; second < 7200 && region.failures().empty(); ++second) {
    if (quiet()) return true;
    region.run_for(std::chrono::seconds(1));
  }
  return false;
}

}  // namespace hedgerow::simulation
