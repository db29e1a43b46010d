#include "tests/simulation/trace_evidence.h"

#include <algorithm>
#include <tuple>

#include "crypto/hash.h"

namespace hedgerow::simulation {

namespace {

using Logs = std::map<std::string, std::vector<audit::Entry>>;

std::string text(const audit::Entry& e, std::string_view field) {
  return std::string(e.field(field));
}

const audit::Entry* find(const std::vector<audit::Entry>& log, std::string_view kind,
                         const std::string& trace) {
  const auto it = std::ranges::find_if(
      log, [&](const audit::Entry& e) { return e.kind == kind && text(e, "trace") == trace; });
  return it == log.end() ? nullptr : &*it;
}

// A trace has its name from its requester: two of them may use the same id.
using TraceName = std::pair<std::string, std::string>;  // requester, id
using Answered = std::map<TraceName, const audit::Entry*>;

// The whole of what the store was charged with stands on the log, as it was answered.
void check_charges(Region& region, const std::string& party, const Answered& answered,
                   std::vector<std::string>& faults) {
  std::size_t rows = 0;
  auto s = region.lineage(party).context().store.database().prepare(
      "SELECT requester, id, practitioner, request_hash, answer FROM trace_seen");
  while (s.step().value()) {
    const TraceName name{s.text(0), to_hex(s.blob_view(1))};
    const auto entry = answered.find(name);
    if (entry == answered.end()) {
      faults.push_back(party + " charged " + name.first +
                       " for a trace that it has not as answered: " + name.second);
      continue;
    }
    ++rows;
    const audit::Entry& e = *entry->second;
    if (text(e, "practitioner") != s.text(2) || text(e, "request") != to_hex(s.blob_view(3)) ||
        text(e, "answer") != sha256_id(s.blob_view(4)).hex())
      faults.push_back(party + " charged something else than it answered: " + name.second);
  }
  if (rows != answered.size())
    faults.push_back(party + " answered " + std::to_string(answered.size()) +
                     " traces and charged " + std::to_string(rows) + " of them");
}

// Nobody has had more of a day than the agreement gives, counted by hand.
void check_trace_quotas(Region& region, const std::string& party, const Answered& answered,
                        std::vector<std::string>& faults) {
  auto& context = region.lineage(party).context();
  auto traces = context.store.traces();
  std::map<std::pair<std::string, std::int32_t>, std::uint32_t> of_agency;
  std::map<std::tuple<std::string, std::int32_t, std::string>, std::uint32_t> of_practitioner;
  for (const auto& [name, entry] : answered) {
    const auto id = SessionId::from(*from_hex(name.second)).value();
    const auto seen = traces.find_seen(PartyId::parse(name.first).value(), id).value();
    if (!seen) continue;
    ++of_agency[{name.first, seen->utc_day}];
    ++of_practitioner[{name.first, seen->utc_day, seen->practitioner}];
  }
  for (const auto& [of, n] : of_agency) {
    if (n > context.agreement.trace->daily_quota)
      faults.push_back(party + " answered more of " + of.first + " than its quota");
    if (traces.asked_of_agency(PartyId::parse(of.first).value(), of.second).value() != n)
      faults.push_back(party + " counts something else than it answered");
  }
  for (const auto& [of, n] : of_practitioner)
    if (n > context.agreement.trace->practitioner_quota)
      faults.push_back(party + " answered more of " + std::get<2>(of) + " than its quota");
}

void check_responder(Region& region, const std::string& party, const Logs& logs,
                     std::vector<std::string>& faults) {
  Answered answered;
  for (const audit::Entry& e : logs.at(party)) {
    if (e.kind != "trace.answer") continue;
    const std::string trace = text(e, "trace");
    const std::string requester = text(e, "requester");
    if (!answered.emplace(TraceName{requester, trace}, &e).second)
      faults.push_back(party + " answered a trace twice: " + trace);
    const audit::Entry* approved = find(logs.at(requester), "trace.approved", trace);
    if (approved == nullptr || text(*approved, "practitioner") != text(e, "practitioner") ||
        text(*approved, "approver") != text(e, "approver"))
      faults.push_back(party + " answered a trace that " + requester + " has not as approved");
    if (text(e, "practitioner") == text(e, "approver"))
      faults.push_back(party + " answered a trace of one person");
  }
  check_charges(region, party, answered, faults);
  check_trace_quotas(region, party, answered, faults);
}

void check_requester(const std::string& party, const Logs& logs, std::vector<std::string>& faults) {
  for (const audit::Entry& e : logs.at(party)) {
    if (e.kind != "trace.answered") continue;
    const audit::Entry* given = find(logs.at(text(e, "party")), "trace.answer", text(e, "trace"));
    if (given == nullptr || text(*given, "answer") != text(e, "answer"))
      faults.push_back(party + " took an answer that is not on the log of " + text(e, "party"));
  }
}

}  // namespace

void check_traces(Region& region, const Logs& logs, std::vector<std::string>& faults) {
  const auto& agreement = region.lineage(region.names().front()).context().agreement;
  for (const auto& [party, log] : logs) {
    if (agreement.trace) {
      check_requester(party, logs, faults);
      if (agreement.party(PartyId::parse(party).value())->roles.contributor)
        check_responder(region, party, logs, faults);
    }
    for (const audit::Entry& e : log)
      for (const auto& [key, value] : e.fields)
        if (value.find("MASH of ") != std::string::npos)
          faults.push_back(party + " has a contact on its log");
  }
}

}  // namespace hedgerow::simulation
