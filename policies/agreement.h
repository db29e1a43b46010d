// An information-sharing agreement: the typed form of the signed TOML file (formats.md, Agreement).
//
// An Agreement exists only if the file had no error: every rule of formats.md that concerns
// what is built, and the restriction at the end of disclosure.md's first part, hold for it. It
// says nothing about signatures; the caller has verified them over the same exact bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/base/bytes.h"
#include "crypto/base/ids.h"
#include "crypto/base/result.h"
#include "crypto/base/seams.h"
#include "policies/calendar.h"
#include "policies/code_list.h"
#include "policies/disclosure_rule.h"

namespace hedgerow::policies {

constexpr std::size_t kMaxAgreementBytes = 64 * 1024;
constexpr std::size_t kMaxParties = 64;
constexpr std::size_t kMaxPurposes = 32;
constexpr std::size_t kMaxGrants = 32;
constexpr std::size_t kMaxTablesPerGrant = 16;
constexpr std::size_t kMaxCellsPerGrant = 20'000;
constexpr std::size_t kMinContributors = 3;  // cryptography.md C step 2
constexpr std::size_t kMaxDiagnostics = 100;

// Of linked tables (docs/design/link.md).
constexpr std::uint32_t kMinLinkEntries = 16;
constexpr std::uint32_t kMaxLinkEntries = 8192;
constexpr std::uint32_t kMaxLinkEntriesTogether = 262'144;  // of all contributors
constexpr std::uint32_t kMaxCellsPerChild = 64;
constexpr std::uint32_t kMaxEpisodesPerChild = 64;
constexpr std::uint32_t kMinTimes = 2;
constexpr std::uint32_t kMaxTimes = 50;
constexpr std::uint32_t kMaxWithinDays = 366;
constexpr std::size_t kMinMixers = 2;
constexpr std::size_t kMaxMixers = 8;

enum class PartyKind { local_authority, police, health, voluntary, education, partnership, other };
std::string_view to_text(PartyKind kind);

struct Roles {
  bool contributor = false;
  bool keyholder = false;
  bool mixer = false;
  bool hub = false;
  bool scrutineer = false;
};

struct Signatory {
  std::string name;
  std::string post;
};

struct Party {
  PartyId id;
  std::string name;
  std::string organisation;
  PartyKind kind = PartyKind::other;
  Roles roles;
  Sha256 root;                      // fingerprint of the root certificate
  std::optional<Sha256> next_root;  // named in advance
  std::vector<std::string> areas;   // as written: E06-E10, E23, E54
  std::vector<std::string> lawful_basis;
  std::vector<Signatory> signatories;
  std::map<std::string, std::string> contacts;    // dpo, rights, breach, duty
  std::map<std::string, std::string> references;  // ico, dpia, appropriate_policy_document
  std::uint32_t line = 0;
};

struct Pseudonyms {
  std::uint32_t threshold = 0;     // keyholders that must answer; at most keyholders less one
  std::uint32_t daily_quota = 0;   // elements a day, per requester and keyholder
  std::uint32_t import_quota = 0;  // elements ever, spent first
};

struct Purpose {
  std::string id;
  std::string description;
  std::uint32_t line = 0;
};

// An agreement that names a kind which does not exist yet is refused.
enum class QuestionKind : std::uint8_t {
  flows = 1,
  counts = 2,
  places = 3,
  overlap = 4,
  repeat_missing = 5,
};
inline constexpr std::array kQuestionKinds = {QuestionKind::flows, QuestionKind::counts,
                                              QuestionKind::places, QuestionKind::overlap,
                                              QuestionKind::repeat_missing};
std::string_view to_text(QuestionKind kind);  // "repeat-missing"
std::optional<QuestionKind> parse_question_kind(std::string_view text);
// "flows, counts, ...", as hints name them.
std::string_view question_kind_names();
// Whether its figures are distinct children across agencies, counted by the link.
bool is_linked(QuestionKind kind);

enum class Measure : std::uint8_t { reports = 1, children = 2 };
std::string_view to_text(Measure measure);

// Filters: dimension (a Vocabulary's text) to the codes that count, each sorted, none empty.
using Where = std::map<std::string, std::vector<std::string>>;

// The bounds of a linked table, the same for every contributor (docs/design/link.md, What is
// counted). What is not of the table's kind is what it would be with one cell and no episodes.
struct LinkBounds {
  std::uint32_t entries = 0;             // that a contributor sends, exactly
  std::uint32_t cells_per_child = 1;     // places
  std::uint32_t episodes_per_child = 0;  // repeat-missing; at least `times`
  std::uint32_t times = 0;               // repeat-missing: that many episodes or more
  std::uint32_t within_days = 0;         // repeat-missing: to the end of the period
  friend bool operator==(const LinkBounds&, const LinkBounds&) = default;
};

// The first day of the window of repeat-missing: the last `within_days` days of the period, which
// holds them all (lint).
Day window_begins(const LinkBounds& bounds, const Period& period);

constexpr std::string_view kAgencyDimension = "agency";  // of overlap: by pair of agencies

struct Table {
  std::string name;
  QuestionKind question = QuestionKind::flows;
  // As written. Flows: origin and destination. Counts: one to three of policies/dimension.h.
  // Places: destination, place_type, or both. Overlap: nothing, or agency. Repeat-missing: nothing.
  std::vector<std::string> by;
  PlaceLevel place_level = PlaceLevel::district;  // of no meaning without a place
  Where where;
  Measure measure = Measure::reports;  // children, of a linked table
  std::optional<LinkBounds> link;      // of a linked table, and of no other
  std::uint32_t line = 0;

  // Whether a row with this code in this dimension counts. A dimension without filter counts all.
  bool admits(std::string_view dimension, std::string_view code) const;
  bool has_place() const;  // whether origin or destination is among its dimensions
  bool by_agency() const;  // overlap by pair of agencies
};

// "role:analyst", or one person by certificate name.
struct Asker {
  std::string role;  // empty where `urn` is given
  std::string urn;   // "urn:hedgerow:<agency>:<kind>:<name>"
};

struct Grant {
  std::string id;
  std::string purpose;
  std::vector<Asker> askers;
  PeriodKind period = PeriodKind::quarter;
  std::uint32_t settle_days = 14;
  Duration history;
  DisclosureRule disclosure;
  std::vector<Table> tables;  // exactly one until the audit of disclosure.md rule 6 exists
  std::uint32_t line = 0;

  const Table* table(std::string_view name) const;
};

// The grant of traces (docs/design/trace.md): a [[grant]] whose one table has `question = "trace"`.
// It releases no figure, and is none of `Agreement::grants`. Its lines:
// "trace.table.0.daily_quota".
struct TraceGrant {
  std::string id;
  std::string purpose;
  std::vector<Asker> askers;     // practitioners
  std::vector<Asker> approvers;  // another person, of the same agency
  Duration history;              // children with a record in that time
  std::vector<std::string> legal_bases;
  // Traces a day at each responder: of one agency, and of one of its practitioners.
  std::uint32_t daily_quota = 0, practitioner_quota = 0;
  std::uint32_t line = 0, table_line = 0;
};
constexpr std::string_view kTraceQuestion = "trace";  // no QuestionKind: it has no figures
constexpr std::uint32_t kMaxTraceQuota = 50;

struct Agreement {
  AgreementHash hash;
  Lineage id;
  std::uint32_t version = 1;
  std::optional<AgreementHash> supersedes;
  std::string title;
  Day valid_from;  // London dates, both included
  Day valid_until;
  Day review_by;
  PartyId hub;
  Sha256 codes;                // of the code list it pins
  std::vector<Party> parties;  // sorted by id
  Pseudonyms pseudonyms;
  std::vector<Purpose> purposes;  // sorted by id
  std::vector<Grant> grants;      // as written
  std::optional<TraceGrant> trace;
  Duration retention_records;
  Duration retention_log;
  // Where things stand in the signed file: "grant.0.history" (numbers of grants as
  // above), "trace.history", "agreement.valid_from", to their lines.
  std::map<std::string, std::uint32_t> lines;

  const Party* party(const PartyId& id_of_party) const;
  const Purpose* purpose(std::string_view id_of_purpose) const;
  const Grant* grant(std::string_view id_of_grant) const;
  std::vector<PartyId> party_ids() const;  // all of these sorted
  std::vector<PartyId> contributors() const;
  std::vector<PartyId> keyholders() const;  // numbered from 1 in this order in the DKG
  std::vector<PartyId> mixers() const;      // who mix in this order
  bool in_force(UtcTime now) const;         // dates only
  // Of the key, else of the table that it would stand in; 0 where the file has neither.
  std::uint32_t line_of(std::string path) const;
};

enum class Severity { error, warning };

struct Diagnostic {
  Severity severity = Severity::error;
  std::uint32_t line = 0;    // from 1; 0: concerns the whole file
  std::uint32_t column = 0;  // from 1
  std::string text;
  std::string hint = {};
};
// How the text of the error ends where a place of a template was left as it is.
constexpr std::string_view kStillToBeFilledIn = "still to be filled in";
// "FILE:LINE:COLUMN: error: text", and a "  hint: ..." line where there is one.
std::string to_text(const Diagnostic& diagnostic, std::string_view source_name);

struct AgreementReading {
  std::optional<Agreement> agreement;   // present iff there is no error
  std::vector<Diagnostic> diagnostics;  // by line; at most kMaxDiagnostics
};

// Parses and lints the exact bytes: all errors that can be told apart, and the warnings.
AgreementReading read_agreement(ByteView exact, const CodeList& codes = CodeList::shipped());

// The same for those who want only a valid agreement: bad_input with the first error's
// "source_name:line:column: text", and how many more there are.
Result<Agreement> parse_agreement(ByteView exact, std::string_view source_name,
                                  const CodeList& codes = CodeList::shipped());

}  // namespace hedgerow::policies
