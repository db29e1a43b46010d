#include "tests/simulation/evidence.h"

#include <algorithm>
#include <set>

#include "node/audit/verify.h"
#include "protocol/statement.h"
#include "protocol/sum/messages.h"
#include "tests/simulation/trace_evidence.h"

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

void check_answers(Region& region, const Logs& logs, std::vector<std::string>& faults) {
  const std::string hub = region.names().front();
  const auto contributors = region.shape().contributors();
  for (const auto& [home, log] : logs)
    for (const auto& received : log) {
      if (received.kind != "answer.received") continue;
      const auto question = received.field("question");
      const std::string what = "answer to " + std::string(question) + " at " + home;
      for (const auto& [party, other] : logs) {
        const bool contributes =
            std::find(contributors.begin(), contributors.end(), party) != contributors.end();
        if (!contributes && party != hub) continue;
        const auto* entry = find_answer(other, question, received.field("answer"));
        if (entry == nullptr)
          faults.push_back(what + " is not on the log of " + party);
        else if (party != hub && entry->field("decision") != "permit")
          faults.push_back(what + " was not permitted by " + party);
      }
    }
}

void check_repetitions(const Logs& logs, std::vector<std::string>& faults) {
  for (const auto& [party, log] : logs) {
    std::set<std::string> seen;
    for (const auto& e : log)
      if (e.kind == "answer" || e.kind == "answer.served" || e.kind == "answer.received") {
        const std::string what =
            e.kind + " " + std::string(e.field("question")) + " " + std::string(e.field("answer"));
        if (!seen.insert(what).second) faults.push_back(party + " logged twice: " + what);
      }
  }
}

void check_editions(const Logs& logs, std::vector<std::string>& faults) {
  std::map<std::string, std::set<std::string>> editions;
  for (const auto& [party, log] : logs) {
    std::map<std::string, std::size_t> here;
    for (const auto& e : log) {
      if (e.kind != "release" && e.kind != "edition") continue;
      const std::string what = std::string(e.field("grant")) + "/" + std::string(e.field("table")) +
                               "/" + std::string(e.field("period"));
      editions[what].insert(std::string(e.field("edition")) + std::string(e.field("head")));
      if (++here[what] > 1) faults.push_back(party + " logged two editions of " + what);
    }
  }
  for (const auto& [what, hashes] : editions)
    if (hashes.size() != 1) faults.push_back(what + " has several editions");
}

// By release and roster: who signed it, when first.
using Signed = std::map<std::pair<std::string, std::string>, std::map<std::string, std::uint64_t>>;

// Releases, and whom their own restrictions keep out of them: these sign and send nothing.
std::set<std::pair<std::string, std::string>> stood_aside(Region& region) {
  std::set<std::pair<std::string, std::string>> aside;
  for (const std::string& party : region.shape().contributors())
    for (const auto* s : region.witness().effective(party))
      if (s->entry.kind == "release.aside")
        aside.emplace(protocol::sum::release_id(Lineage::parse("vale-cse").value(),
                                                std::string(s->entry.field("grant")),
                                                std::string(s->entry.field("table")),
                                                std::string(s->entry.field("period")))
                          .hex(),
                      party);
  return aside;
}

void check_sums(Region& region, std::vector<std::string>& faults) {
  const auto contributors = region.shape().contributors();
  Signed rosters;
  for (const std::string& party : contributors)
    for (const auto* s : region.witness().effective(party))
      if (s->entry.kind == "sum-roster-signed")
        rosters[{std::string(s->entry.field("release")), std::string(s->entry.field("roster"))}]
            .try_emplace(party, s->order);
  const auto aside = stood_aside(region);
  for (const std::string& party : contributors) {
    std::map<std::string, std::set<std::string>> opened;
    for (const auto* s : region.witness().effective(party)) {
      const std::string release(s->entry.field("release")), roster(s->entry.field("roster"));
      if (s->entry.kind == "sum-opened") opened[release].insert(roster);
      if (s->entry.kind != "sum-sent") continue;
      for (const std::string& other : contributors) {
        if (aside.contains({release, other})) continue;
        const auto& signatures = rosters[{release, roster}];
        const auto it = signatures.find(other);
        if (it == signatures.end() || it->second > s->order)
          faults.push_back(party + " sent its masked input before " + other +
                           " had signed the roster");
      }
    }
    for (const auto& [release, with] : opened)
      if (with.size() > 1)
        faults.push_back(party + " opened a release with " + std::to_string(with.size()) +
                         " rosters");
  }
}

// A release that the agreement allows.
struct Releasable {
  std::string grant, table, period;
  std::string release;  // its id
  bool linked = false;
};
std::vector<Releasable> releasable(Region& region) {
  const auto& context = region.lineage(region.names().front()).context();
  std::vector<Releasable> out;
  for (const auto& grant : context.agreement.grants)
    for (const auto& table : grant.tables)
      for (const std::string period : {"2026-Q2", "2026-Q3"})
        out.push_back({grant.id, table.name, period,
                       protocol::sum::release_id(context.id(), grant.id, table.name, period).hex(),
                       table.link.has_value()});
  return out;
}

// Who said so of an attempt at a link, by its manifest: when first, and of which hashes.
struct Said {
  std::uint64_t order = 0;
  std::string release, hashes;
};
using SaidBy = std::map<std::string, std::map<std::string, Said>>;

SaidBy who_said(Region& region, std::string_view kind) {
  SaidBy out;
  for (const std::string& party : region.names())
    for (const auto* s : region.witness().effective(party))
      if (s->entry.kind == kind)
        out[std::string(s->entry.field("manifest"))].try_emplace(
            party, Said{s->order, std::string(s->entry.field("release")),
                        std::string(s->entry.field("hashes"))});
  return out;
}

// Whose confirmations the hub had, by manifest and party: since when.
std::map<std::pair<std::string, std::string>, std::uint64_t> confirmations_at_hub(Region& region) {
  std::map<std::pair<std::string, std::string>, std::uint64_t> out;
  for (const auto* s : region.witness().effective(region.names().front()))
    if (s->entry.kind == "link-confirmation")
      out.try_emplace(
          {std::string(s->entry.field("manifest")), std::string(s->entry.field("party"))},
          s->order);
  return out;
}

// Nothing is counted before everybody who takes part has confirmed the one list that was shown, and
// the hub has that.
void check_confirmations(Region& region, std::vector<std::string>& faults) {
  const std::string hub = region.names().front();
  const auto aside = stood_aside(region);
  const auto at_hub = confirmations_at_hub(region);
  auto confirmed = who_said(region, "link-confirmed");
  auto shown = who_said(region, "link-shown");
  for (const auto& [manifest, by] : who_said(region, "link-complete")) {
    const Said& complete = by.at(hub);
    for (const std::string& party : region.shape().contributors()) {
      if (aside.contains({complete.release, party})) continue;
      const auto it = confirmed[manifest].find(party);
      const auto had = at_hub.find({manifest, party});
      if (it == confirmed[manifest].end() || it->second.order > complete.order ||
          had == at_hub.end() || had->second > complete.order)
        faults.push_back("a link was counted before " + party + " had confirmed it");
      else if (it->second.hashes.empty() || it->second.hashes != shown[manifest][hub].hashes)
        faults.push_back("a link was counted of which " + party + " was shown other entries");
    }
  }
}

// Nobody enters a companion sum before it knows that all have confirmed, and a contributor's
// entries go to one roster only.
void check_links(Region& region, std::vector<std::string>& faults) {
  check_confirmations(region, faults);
  std::set<std::string> linked;
  for (const Releasable& r : releasable(region))
    if (r.linked) linked.insert(r.release);
  for (const std::string& party : region.shape().contributors()) {
    std::set<std::string> agreed;  // in the last attempt that it joined
    std::map<std::string, std::set<std::string>> rosters;
    for (const auto* s : region.witness().effective(party)) {
      const std::string release(s->entry.field("release"));
      if (s->entry.kind == "link-joined" && s->entry.field("as") == "contributor")
        agreed.erase(release);
      if (s->entry.kind == "link-agreed") agreed.insert(release);
      if (s->entry.kind == "link-sent")
        rosters[release].insert(std::string(s->entry.field("roster")));
      if (s->entry.kind == "sum-sent" && linked.contains(release) && !agreed.contains(release))
        faults.push_back(party + " entered a companion sum before all had confirmed its link");
    }
    for (const auto& [release, with] : rosters)
      if (with.size() > 1)
        faults.push_back(party + " sent entries of one release to " + std::to_string(with.size()) +
                         " rosters");
  }
}

// A home node shows what its store says was answered, so it must have been logged as received. The
// hub's store holds every home's questions, as their homes countersigned them.
void check_received(Region& region, const std::string& party, const std::vector<audit::Entry>& log,
                    std::vector<std::string>& faults) {
  auto questions = region.lineage(party).context().store.questions();
  const auto all = questions.list(1000).value();
  for (const auto& listed : all) {
    const auto row = questions.get(listed.id).value();
    if (row->status != store::QuestionStatus::answered) continue;
    const auto outer = protocol::Statement::decode(row->question).value();
    if (party == region.names().front() && outer.header().sender.str() != party) continue;
    const std::string answer = sha256_id(row->answer).hex();
    if (std::none_of(log.begin(), log.end(), [&](const auto& e) {
          return e.kind == "answer.received" && e.field("question") == row->id.hex() &&
                 e.field("answer") == answer;
        }))
      faults.push_back(party + " keeps an answer to " + row->id.hex() + " that is not on its log");
  }
}

// What the store holds must stand on the log.
void check_store(Region& region, const std::string& party, const std::vector<audit::Entry>& log,
                 std::vector<std::string>& faults) {
  auto& store = region.lineage(party).context().store;
  for (const Releasable& r : releasable(region)) {
    const auto opened = [&](const auto& a) { return a.state == store::AttemptState::opened; };
    const auto attempts = store.attempts().list(from_hex(r.release).value()).value();
    if (std::any_of(attempts.begin(), attempts.end(), opened) &&
        std::none_of(log.begin(), log.end(), [&](const auto& e) {
          return e.kind == "sum-opened" && e.field("release") == r.release;
        }))
      faults.push_back(party + " opened a release without a word on its log");
    const auto edition = store.editions().find(r.grant, r.table, r.period).value();
    if (edition && std::none_of(log.begin(), log.end(), [&](const auto& e) {
          return (e.kind == "release" || e.kind == "edition") && e.field("period") == r.period &&
                 e.field("grant") == r.grant;
        }))
      faults.push_back(party + " keeps an edition of " + r.period + " that is not on its log");
  }
  std::map<std::string, std::uint64_t> charged;
  for (const auto& e : log)
    if (e.kind == "evaluate")
      charged[std::string(e.field("requester"))] +=
          std::stoull(std::string(e.field("charged-import")));
  for (const auto& requester : region.lineage(party).context().agreement.party_ids())
    if (store.ledger().import_spent(requester).value() != charged[requester.str()])
      faults.push_back(party + " has another sum on its ledger than on its log for " +
                       requester.str());
}

void check_quotas(Region& region, const std::string& keyholder, std::vector<std::string>& faults) {
  auto& context = region.lineage(keyholder).context();
  const auto& limits = context.agreement.pseudonyms;
  const auto today = std::chrono::floor<std::chrono::days>(region.now()).time_since_epoch().count();
  auto ledger = context.store.ledger();
  for (const auto& requester : context.agreement.party_ids()) {
    const std::uint64_t imports = ledger.import_spent(requester).value();
    std::uint64_t charged = imports;
    std::uint64_t days = 0;
    if (imports > limits.import_quota)
      faults.push_back(keyholder + " exceeded the import quota of " + requester.str());
    for (std::int64_t day = today - 40; day <= today + 2; ++day) {
      const std::uint64_t spent = ledger.daily_spent(requester, day).value();
      charged += spent;
      if (spent > 0) ++days;
      if (spent > limits.daily_quota)
        faults.push_back(keyholder + " exceeded the daily quota of " + requester.str());
    }
    // From outside: what was seen leaving it.
    const std::uint64_t left = region.witness().evaluated(keyholder, requester.str());
    if (left > charged)
      faults.push_back(keyholder + " evaluated " + std::to_string(left) + " elements for " +
                       requester.str() + " and charged " + std::to_string(charged));
    if (left > limits.import_quota + std::max<std::uint64_t>(days, 1) * limits.daily_quota)
      faults.push_back(keyholder + " evaluated beyond the quotas of " + requester.str());
  }
}

void check_keys(Region& region, std::vector<std::string>& faults) {
  std::set<std::string> ids;
  for (const std::string& party : region.names())
    if (const auto& key = region.lineage(party).keys().key()) ids.insert(key->key_id.hex());
  if (ids.size() > 1) faults.push_back("the parties have different keys");
}

void check_witnessed(Region& region, const std::string& party,
                     const std::vector<audit::Entry>& exported, std::vector<std::string>& faults) {
  const auto& seen = region.witness().log_of(party);
  const bool same =
      std::equal(seen.begin(), seen.end(), exported.begin(), exported.end(),
                 [](const SeenEntry& s, const audit::Entry& e) { return s.entry == e; });
  if (!same) faults.push_back("the log of " + party + " is not what was seen of it as it grew");
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
  faults = region.witness().faults();
  Logs logs;
  for (const std::string& party : region.names()) {
    const auto log = verified_log(region, party, faults);
    check_witnessed(region, party, log, faults);
    logs[party] = effective(log);
    check_quotas(region, party, faults);
    check_store(region, party, logs[party], faults);
    check_received(region, party, logs[party], faults);
  }
  check_answers(region, logs, faults);
  check_repetitions(logs, faults);
  check_editions(logs, faults);
  check_sums(region, faults);
  check_links(region, faults);
  check_traces(region, logs, faults);
  check_keys(region, faults);
  return faults;
}

std::size_t count_of(const std::vector<audit::Entry>& log, std::string_view kind) {
  return static_cast<std::size_t>(
      std::count_if(log.begin(), log.end(), [&](const auto& e) { return e.kind == kind; }));
}

std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> state_of(Region& region) {
  std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> out;
  for (const std::string& party : region.names())
    if (region.has_lineage(party))
      out[party] = {region.core(party).log().size(),
                    region.lineage(party).context().store.database().generation()};
  return out;
}

bool settle(Region& region) {
  const auto quiet = [&] {
    return std::all_of(region.names().begin(), region.names().end(), [&](const auto& party) {
      return region.has_lineage(party) &&
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
