// The texts compiled into the programs: codes/ and templates/, byte for byte.
#pragma once

#include <string_view>

namespace hedgerow::policies {

std::string_view shipped_code_list_text();    // codes/england-2025.txt
std::string_view counts_few_agencies_text();  // templates/counts-few-agencies.toml
std::string_view linked_patterns_text();      // templates/linked-patterns.toml
std::string_view regional_flows_text();       // templates/regional-flows.toml
std::string_view regional_patterns_text();    // templates/regional-patterns.toml
std::string_view voluntary_partner_text();    // templates/voluntary-partner.toml

}  // namespace hedgerow::policies
