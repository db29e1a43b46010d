#include "tests/simulation/trace_evidence.h"

#include <algorithm>
#include <set>

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

void check_responder(Region& region, const std::string& party, const Logs& logs,
                     std::vector<std::string>& faults) {
  auto& context = region.lineage(party).context();
  std::set<std::string> answered;
  std::map<std::pair<std::string, std::int64_t>, std::uint32_t> charged;
  for (const audit::Entry& e : logs.at(party)) {
    if (e.kind != "trace.answer") continue;
    const std::string trace = text(e, "trace");
    const std::string requester = text(e, "requester");
    if (!answered.insert(trace).second)
      faults.push_back(party + " answered a trace twice: " + trace);
    const audit::Entry* approved = find(logs.at(requester), "trace.approved", trace);
    if (approved == nullptr || text(*approved, "practitioner") != text(e, "practitioner") ||
        text(*approved, "approver") != text(e, "approver"))
      faults.push_back(party + " answered a trace that " + requester + " has not as approved");
    if (text(e, "practitioner") == text(e, "approver"))
      faults.push_back(party + " answered a trace of one person");
    const auto id = SessionId::from(*from_hex(trace)).value();
    const auto seen =
        context.store.traces().find_seen(PartyId::parse(requester).value(), id).value();
    if (!seen) {
      faults.push_back(party + " answered a trace that was not charged");
      continue;
    }
    const std::uint32_t n = ++charged[{requester, seen->utc_day}];
    if (n > context.agreement.trace->daily_quota)
      faults.push_back(party + " answered more of " + requester + " than its quota");
    if (context.store.traces()
            .asked_of_agency(PartyId::parse(requester).value(), seen->utc_day)
            .value() < n)
      faults.push_back(party + " charged less than it answered");
  }
  for (const auto& [of, n] : charged)
    if (context.store.traces()
            .asked_of_agency(PartyId::parse(of.first).value(), static_cast<std::int32_t>(of.second))
            .value() != n)
      faults.push_back(party + " charged more than it answered");
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
