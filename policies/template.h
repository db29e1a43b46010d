// Drafts: a template's text with its places filled in. A place is {{name}} or {{name|what stands
// there if nothing is given}}.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/base/result.h"

namespace hedgerow::policies {

// The templates shipped: name to text.
const std::map<std::string, std::string_view>& shipped_templates();
// What each is for, in a line.
std::string_view template_summary(const std::string& name);

// The names of the places, in the order of their first appearance.
std::vector<std::string> places_of(std::string_view text);

// Code::usage: a value for a place that the text does not have; a place without value and without
// anything that stands there; a value that would not stay within one TOML text (quotation marks,
// backslashes, control characters, more than 500 bytes).
Result<std::string> fill_template(std::string_view text,
                                  const std::map<std::string, std::string>& values);

}  // namespace hedgerow::policies
