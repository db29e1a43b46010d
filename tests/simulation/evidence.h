// What must hold at the end of every run, whatever happened in it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "node/audit/entry.h"
#include "tests/simulation/simulator.h"

namespace hedgerow::simulation {

// Every entry of the party's log, from an export that was verified offline against the log key in
// its certificate. The party must be up. A fault is added where it does not verify.
std::vector<audit::Entry> verified_log(Region& region, const std::string& party,
                                       std::vector<std::string>& faults);

// Without the entries whose work a crash prevented, as entries "abandoned" name them.
std::vector<audit::Entry> effective(const std::vector<audit::Entry>& log);

// Empty where all of it holds, of the entries not abandoned:
//   no node stopped; every log verifies, and is what was seen of it as it grew;
//   an answer that a home node received stands on the log of the hub and of every contributor, as a
//   permitted question, and a fresh one stood there before it reached its asker;
//   nobody sends its masked input before everybody has signed the same roster, and nobody opens a
//   release with two rosters;
//   a period has one edition, the same on every log that names it;
//   no keyholder evaluated more for anyone than the quotas allow, neither by its own ledger nor by
//   what left it, and nothing left it that was not charged;
//   all who have a key have the same; what a store says was opened, answered, imported or charged
//   stands on the log.
// All parties must be up, with nothing left to deliver.
std::vector<std::string> faults_of(Region& region);

std::size_t count_of(const std::vector<audit::Entry>& log, std::string_view kind);

// Size of the log and generation of the store, of every party that is up.
std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> state_of(Region& region);

// Runs until no outbox holds anything.
bool settle(Region& region);

}  // namespace hedgerow::simulation
