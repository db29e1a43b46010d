// The rules an agreement must keep beyond its form (formats.md, the list after the example;
// disclosure.md, the restriction at the end of its first part).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "crypto/certificate.h"
#include "policies/agreement.h"
#include "policies/toml_document.h"

namespace hedgerow::policies {

// Where things stand in the file. Paths: "agreement.hub", "party.<n>.root", "pseudonyms.threshold",
// "purpose.<id>", "grant.<n>.history", "grant.<n>.disclosure.round_to", "grant.<n>.table.<m>.by",
// "trace.askers", "trace.table.0.daily_quota", "retention.records", numbers from 0 in file order
// (grants without that of traces). A path without a mark falls back to its
// parent's.
class Marks {
 public:
  void set(const std::string& path, Mark mark) { marks_[path] = mark; }
  Mark at(std::string path) const;
  const std::map<std::string, Mark>& all() const { return marks_; }

 private:
  std::map<std::string, Mark> marks_;
};

// `agreement` in file order, before its parties are sorted.
void lint_agreement(const Agreement& agreement, const CodeList& codes, const Marks& marks,
                    Diagnostics& diagnostics);

// Its part about the grant of traces (docs/design/trace.md); nothing where there is none.
void lint_trace(const Agreement& agreement, const Marks& marks, Diagnostics& diagnostics);

// Whether the URN is of a certificate of this kind of one of the parties.
bool is_of_a_party(const Agreement& agreement, std::string_view urn, CertificateKind kind);

// What two agreements cannot both be: one organisation's records in two lineages whose hubs differ,
// since two releases of the same records would not know of each other. Places are those of
// `second`. Nothing for two versions of one lineage.
std::vector<Diagnostic> lint_together(const Agreement& first, const Agreement& second);

// Whether one row can count in both, whatever it says. Two tables are apart only where their
// filters on one dimension, of which a row has a single code, have nothing in common.
bool can_share_a_row(const Table& a, const Table& b);

}  // namespace hedgerow::policies
