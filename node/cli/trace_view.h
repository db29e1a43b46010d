// Traces for a person, from the daemon's JSON (docs/design/control.md).
#pragma once

#include <iosfwd>
#include <nlohmann/json_fwd.hpp>

#include "node/cli/trace_order.h"

namespace hedgerow::cli {

// What a practitioner or an approver is about to sign, from the statement or order itself.
void print_order(std::ostream& out, const SessionId& id, const std::string& practitioner,
                 const std::string& agreement, const protocol::trace::Order& order,
                 UtcTime not_after);

void print_trace(std::ostream& out, const nlohmann::json& trace);    // hedgerow/trace/1
void print_traces(std::ostream& out, const nlohmann::json& traces);  // hedgerow/traces/1
void print_trace_result(std::ostream& out,
                        const nlohmann::json& result);                   // hedgerow/trace-result/1
void print_trace_fetch(std::ostream& out, const nlohmann::json& fetch);  // hedgerow/trace-fetch/1

// "2026-11-22" of days since 1970, and of itself.
std::string day_text(const nlohmann::json& day);

}  // namespace hedgerow::cli
