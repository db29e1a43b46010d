#include "node/cli/trace_view.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <ostream>

#include "crypto/base/plain_text.h"
#include "node/cli/times.h"

namespace hedgerow::cli {

namespace {

using nlohmann::json;

std::string padded(std::string text, std::size_t width) {
  // Bytes that continue a character take no room of their own.
  const auto shown = static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
  if (shown < width) text.append(width - shown, ' ');
  return text;
}

// What another party says must not command the terminal.
std::string shown(std::string text) {
  if (is_plain_text(text)) return text;
  for (char& c : text)
    if (c < 0x20 || c > 0x7e) c = '?';
  return text;
}

std::string text_of(const json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_string() ? shown(it->get<std::string>()) : std::string();
}

std::string time_of(const json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_number_integer() ? iso(from_unix_ms(it->get<std::int64_t>()))
                                                       : std::string();
}

const json& list_of(const json& object, const char* key) {
  static const json kNone = json::array();
  const auto it = object.find(key);
  return it != object.end() && it->is_array() ? *it : kNone;
}

std::size_t widest(const json& list, const char* key) {
  std::size_t width = 0;
  for (const json& one : list) width = std::max(width, text_of(one, key).size());
  return width;
}

void print_line(std::ostream& out, std::string_view name, const std::string& value) {
  out << "  " << padded(std::string(name), 14) << value << '\n';
}

struct Status {
  std::string_view name;
  std::string_view words;
};
constexpr std::array kStatuses{Status{"contact", ""},
                               Status{"nothing-to-share", "nothing to share"},
                               Status{"refused", "refused"}, Status{"not-reached", "not reached"},
                               Status{"bad-answer", "a bad answer, not used"}};

std::string result_of(const json& party) {
  const std::string status = text_of(party, "status");
  if (status == "contact") return text_of(party, "contact");
  const auto known = std::ranges::find(kStatuses, status, &Status::name);
  std::string words(known == kStatuses.end() ? status : std::string(known->words));
  const std::string why = text_of(party, "why");
  return why.empty() ? words : words + ": " + why;
}

std::string state_words(const std::string& state) {
  if (state == "unsigned") return "not signed yet";
  if (state == "waiting") return "waits for approval";
  if (state == "asked") return "approved and asked";
  return state;
}

}  // namespace

std::string day_text(const json& day) {
  if (day.is_string()) return shown(day.get<std::string>());
  if (!day.is_number_integer()) return {};
  const std::chrono::sys_days date{std::chrono::days(day.get<std::int32_t>())};
  return iso(date).substr(0, 10);
}

void print_order(std::ostream& out, const SessionId& id, const std::string& practitioner,
                 const std::string& agreement, const protocol::trace::Order& order,
                 UtcTime not_after) {
  out << "trace " << id.hex() << '\n';
  print_line(out, "practitioner", practitioner);
  print_line(out, "agreement", agreement);
  print_line(out, "purpose", order.purpose);
  print_line(out, "legal basis", order.legal_basis);
  print_line(out, "reason", order.reason);
  print_line(out, "commitment", to_hex(order.commitment) + " (to the case reference)");
  for (const auto& point : order.points)
    print_line(out, "asks", point.party.str() + ", directory of " + day_text(point.day));
  print_line(out, "until", iso(not_after));
}

void print_trace(std::ostream& out, const json& trace) {
  out << "trace " << text_of(trace, "id") << ": " << state_words(text_of(trace, "state")) << '\n';
  const std::string approver = text_of(trace, "approver");
  print_line(out, "practitioner", text_of(trace, "practitioner"));
  print_line(out, "approver", approver.empty() ? "nobody yet" : approver);
  print_line(out, "purpose", text_of(trace, "purpose"));
  print_line(out, "legal basis", text_of(trace, "legal_basis"));
  print_line(out, "reason", text_of(trace, "reason"));
  print_line(out, "until", time_of(trace, "not_after"));
  for (const json& party : list_of(trace, "responders")) {
    const std::string state = text_of(party, "state");
    print_line(out, "asks",
               text_of(party, "party") + ", directory of " + day_text(party.value("day", json())) +
                   (state.empty() ? "" : ": " + state));
  }
}

void print_traces(std::ostream& out, const json& traces) {
  const json& list = list_of(traces, "traces");
  if (list.empty()) out << "no traces\n";
  for (const json& trace : list) print_trace(out, trace);
}

void print_trace_result(std::ostream& out, const json& result) {
  const json& parties = list_of(result, "parties");
  const std::size_t width = widest(parties, "party") + 2;
  for (const json& party : parties) {
    const std::string name = text_of(party, "name");
    out << padded(text_of(party, "party"), width) << result_of(party)
        << (name.empty() ? "" : "  (" + name + ")") << '\n';
  }
}

void print_trace_fetch(std::ostream& out, const json& fetch) {
  const json& parties = list_of(fetch, "parties");
  const std::size_t width = widest(parties, "party") + 2;
  for (const json& party : parties) {
    const std::string why = text_of(party, "why");
    out << padded(text_of(party, "party"), width);
    if (party.value("records", json()).is_number_unsigned() && why.empty())
      out << day_text(party.value("day", json())) << ", " << party["records"] << " records"
          << (party.value("fetched", json(false)) == true ? ", fetched" : ", at hand");
    else
      out << "not reached" << (why.empty() ? "" : ": " + why);
    out << '\n';
  }
}

}  // namespace hedgerow::cli
