// An agreement without fault, as text, and what tests do to it.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "policies/agreement.h"

namespace hedgerow::policies {

inline std::string sample_party(std::string_view id, std::string_view kind, std::string_view roles,
                                std::string_view areas, std::string_view basis) {
  std::string root(64, '0');
  for (std::size_t i = 0; i < id.size(); ++i) root[i] = "0123456789abcdef"[id[i] & 15];
  return "[[party]]\nid = \"" + std::string(id) + "\"\nname = \"" + std::string(id) +
         "\"\norganisation = \"" + std::string(id) + "\"\nkind = \"" + std::string(kind) +
         "\"\nroles = [" + std::string(roles) + "]\nroot = \"sha256:" + root + "\"\nareas = [" +
         std::string(areas) + "]\nlawful_basis = [" + std::string(basis) +
         "]\nsignatories = [{ name = \"A\", post = \"B\" }]\n"
         "contacts = { dpo = \"d\", rights = \"r\", breach = \"b\", duty = \"u\" }\n"
         "references = { ico = \"Z\", dpia = \"D\", appropriate_policy_document = \"P\" }\n\n";
}

// Valid from 1 October 2026 to 30 November 2027.
inline std::string sample_text() {
  const std::string spoke = R"("contributor", "keyholder")";
  const std::string basis = R"t("uk-gdpr:6(1)(e)", "uk-gdpr:9(2)(g)", "dpa-2018:sch1:18")t";
  return R"([agreement]
id = "vale-cse"
version = 1
supersedes = ""
title = "Vale"
valid_from = 2026-10-01
valid_until = 2027-11-30
review_by = 2027-06-01
hub = "vale-partnership"
codes = ")" +
         to_sha256_name(CodeList::shipped().hash().view()) + "\"\n\n" +
         sample_party("vale-partnership", "partnership", R"("hub")", "", R"t("uk-gdpr:6(1)(e)")t") +
         sample_party("vale-council", "local-authority", spoke, R"("E06000060")", basis) +
         sample_party("vale-police", "police", spoke, R"("E08000038", "E08000039")",
                      R"("dpa-2018:part3", "cda-1998:115")") +
         sample_party("vale-health", "health", spoke, R"("E08000038")", basis) +
         sample_party("vale-voice", "voluntary", spoke, R"("E06000060")", basis) +
         R"([pseudonyms]
identifier = "nhs-number"
threshold = 3
daily_quota = 500
import_quota = 20000

[purpose.pattern-detection]
description = "Patterns"

[[grant]]
id = "movements"
purpose = "pattern-detection"
askers = ["role:analyst"]
reason = "required"
period = "quarter"
settle = "P14D"
history = "P24M"

[[grant.table]]
name = "flows"
question = "flows"
by = ["origin", "destination"]
place_level = "district"
where = { event = ["missing"] }
measure = "reports"

[grant.disclosure]
min_children = 8
min_agencies = 1
round_to = 5
true_zero = false
noise = "none"

[retention]
records = "P24M"
log = "P7Y"
)";
}

// A grant of traces for the sample: its askers and approvers are roles, of every contributor.
constexpr std::string_view kTraceGrant = R"t(
[[grant]]
id = "duty-contacts"
purpose = "safeguard-a-child"
askers = ["role:practitioner"]
approvers = ["role:approver"]
reason = "required"
history = "P24M"
legal_bases = ["uk-gdpr:6(1)(e)", "dpa-2018:part3"]

[[grant.table]]
name = "trace"
question = "trace"
daily_quota = 20
practitioner_quota = 5
)t";
constexpr std::string_view kTracePurpose =
    "\n[purpose.safeguard-a-child]\ndescription = \"Ring whom a child at risk is known to\"\n";

// The text with a purpose and a grant of traces behind all else.
inline std::string with_trace(std::string text = sample_text()) {
  return text + std::string(kTracePurpose) + std::string(kTraceGrant);
}

// The text with its only occurrence of `from` replaced.
inline std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << "not in the sample: " << from;
  if (at == std::string::npos) return text;
  EXPECT_EQ(text.find(from, at + 1), std::string::npos) << "twice in the sample: " << from;
  return text.replace(at, from.size(), to);
}

// The text with the first occurrence after `anchor` replaced.
inline std::string replaced_after(std::string text, std::string_view anchor, std::string_view from,
                                  std::string_view to) {
  const std::size_t begin = text.find(anchor);
  const std::size_t at = begin == std::string::npos ? begin : text.find(from, begin);
  EXPECT_NE(at, std::string::npos) << "not in the sample: " << anchor << " ... " << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

constexpr std::string_view kPlacesTable =
    "name = \"seen\"\nquestion = \"places\"\nby = [\"destination\", \"place_type\"]\n"
    "place_level = \"district\"\nwhere = { event = [\"sighting\"] }\nentries = 64\n"
    "cells_per_child = 4\n";
constexpr std::string_view kOverlapTable =
    "name = \"known\"\nquestion = \"overlap\"\nby = []\nentries = 64\n";
constexpr std::string_view kPairsTable =
    "name = \"known\"\nquestion = \"overlap\"\nby = [\"agency\"]\nentries = 64\n";
constexpr std::string_view kRepeatTable =
    "name = \"again\"\nquestion = \"repeat-missing\"\nwhere = { event = [\"missing\"] }\n"
    "entries = 64\ntimes = 3\nwithin = \"P90D\"\nepisodes_per_child = 8\n";

// The sample with this table in the place of its own, and with vale-council and vale-police mixing.
inline std::string linked_text(std::string_view table) {
  const std::string own =
      "name = \"flows\"\nquestion = \"flows\"\nby = [\"origin\", \"destination\"]\n"
      "place_level = \"district\"\nwhere = { event = [\"missing\"] }\nmeasure = \"reports\"\n";
  std::string text = replaced(sample_text(), own, table);
  for (const char* mixer : {"vale-council", "vale-police"})
    text = replaced_after(text, "id = \"" + std::string(mixer) + "\"", "\"keyholder\"",
                          "\"keyholder\", \"mixer\"");
  return text;
}

inline AgreementReading read_text(const std::string& text) {
  return read_agreement(as_bytes(text));
}

inline Agreement sample_agreement(const std::string& text = sample_text()) {
  auto reading = read_text(text);
  for (const auto& d : reading.diagnostics)
    EXPECT_EQ(d.severity, Severity::warning) << to_text(d, "sample");
  HR_CHECK(reading.agreement.has_value());
  return *reading.agreement;
}

// The line (from 1) on which `words` first stands.
inline std::uint32_t line_of(const std::string& text, std::string_view words) {
  const std::size_t at = text.find(words);
  HR_CHECK(at != std::string::npos);
  std::uint32_t line = 1;
  for (std::size_t i = 0; i < at; ++i) line += text[i] == '\n' ? 1u : 0u;
  return line;
}

inline std::string all_diagnostics(const AgreementReading& reading) {
  std::string text;
  for (const auto& d : reading.diagnostics) text += to_text(d, "f") + "\n";
  return text;
}

}  // namespace hedgerow::policies
