#include "node/cli/answer_view.h"

#include <algorithm>
#include <iomanip>
#include <map>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <vector>

namespace hedgerow::cli {

using nlohmann::json;

namespace {

constexpr std::size_t kMaxMatrix = 26;  // columns named by a letter each

std::string letter(std::size_t i) { return std::string(1, static_cast<char>('A' + i)); }

std::string shown(const json& cell) {
  const std::string status = cell.value("status", "");
  if (status == "released") return std::to_string(cell.value("value", std::uint64_t{0}));
  return status == "zero" ? "0" : "·";
}

// Display width: the middle dot is one column and two bytes.
std::string padded(const std::string& text, std::size_t width) {
  const std::size_t columns = text == "·" ? 1 : text.size();
  return std::string(width > columns ? width - columns : 0, ' ') + text;
}

struct Axis {
  std::string name;
  std::vector<std::string> codes;
  std::map<std::string, std::string> names;
};

Axis axis_of(const json& dimension) {
  Axis axis;
  axis.name = dimension.value("name", "");
  axis.codes = dimension.at("codes").get<std::vector<std::string>>();
  const auto names = dimension.at("names").get<std::vector<std::string>>();
  for (std::size_t i = 0; i < axis.codes.size(); ++i) axis.names[axis.codes[i]] = names.at(i);
  return axis;
}

void print_matrix(std::ostream& out, const json& period, const Axis& rows, const Axis& columns) {
  std::map<std::pair<std::string, std::string>, std::string> cells;
  for (const json& c : period.at("cells"))
    cells[{c.value(rows.name, ""), c.value(columns.name, "")}] = shown(c);
  std::size_t width = 0;
  for (const auto& code : rows.codes) width = std::max(width, rows.names.at(code).size());
  out << std::string(width + 4, ' ');
  for (std::size_t i = 0; i < columns.codes.size(); ++i) out << padded(letter(i), 5);
  out << "\n";
  for (std::size_t r = 0; r < rows.codes.size(); ++r) {
    const std::string& name = rows.names.at(rows.codes[r]);
    out << "  " << letter(r) << ' ' << name << std::string(width - name.size(), ' ');
    for (const auto& column : columns.codes) out << padded(cells[{rows.codes[r], column}], 5);
    out << '\n';
  }
}

void print_list(std::ostream& out, const json& period, const std::vector<Axis>& axes) {
  for (const json& c : period.at("cells")) {
    if (c.value("status", "") == "suppressed") continue;
    out << "  " << padded(shown(c), 7);
    for (const Axis& a : axes) out << "  " << a.names.at(c.value(a.name, ""));
    out << '\n';
  }
}

void print_head(std::ostream& out, const json& answer) {
  const json& q = answer.at("question");
  const json& clause = answer.at("clause");
  out << q.value("kind", "") << " of " << answer.value("measure", "") << ", " << q.value("from", "")
      << (q.value("from", "") == q.value("to", "") ? "" : " to " + q.value("to", ""));
  for (const auto& [dimension, codes] : q.at("where").items())
    for (const auto& code : codes) out << ", " << dimension << '=' << code.get<std::string>();
  out << "\nasked by " << answer.value("asker", "") << " for " << q.value("purpose", "") << ": "
      << q.value("reason", "") << "\nunder " << answer.at("agreement").value("id", "")
      << " version " << answer.at("agreement").value("version", 0) << ", grant "
      << clause.value("grant", "") << " (line " << clause.value("grant_line", 0) << "), table "
      << clause.value("table", "") << " (line " << clause.value("table_line", 0)
      << ")\nrule: " << answer.at("rule").value("words", "") << "\n";
}

}  // namespace

void print_answer_table(std::ostream& out, const json& answer) {
  print_head(out, answer);
  std::vector<Axis> axes;
  for (const json& d : answer.at("dimensions")) axes.push_back(axis_of(d));
  const bool matrix =
      axes.size() == 2 && axes[0].codes.size() <= kMaxMatrix && axes[1].codes == axes[0].codes;
  for (const json& period : answer.at("periods")) {
    out << "\n"
        << period.value("period", "") << ": " << period.value("released", 0) << " cells released, "
        << period.value("suppressed", 0) << " suppressed (shown as ·)\n";
    if (matrix) {
      const auto origin = axes[0].name == "origin" ? 0U : 1U;
      out << "  rows: " << axes[origin].name
          << "; columns, by the same letters: " << axes[1 - origin].name << "\n";
      print_matrix(out, period, axes[origin], axes[1 - origin]);
    } else {
      print_list(out, period, axes);
    }
    out << "  answered by:";
    for (const json& p : period.at("parties"))
      out << ' ' << p.value("party", "")
          << (p.value("status", "") == "answered" ? "" : " (" + p.value("status", "") + ")");
    out << "\n  edition " << period.value("edition", 0) << ", " << period.value("edition_hash", "")
        << "\n";
  }
  for (const json& note : answer.at("notes")) out << "note: " << note.get<std::string>() << '\n';
  if (answer.contains("evidence")) {
    const json& e = answer.at("evidence");
    out << "evidence: answer " << e.value("answer", "") << ", signed by "
        << e.value("signed_by", "") << ", with " << e.at("receipts").size()
        << " receipts; question " << answer.value("id", "") << " in the log of every party\n";
  }
  out << answer.at("codes").value("attribution", "") << '\n';
}

namespace {

std::string csv_cell(const std::string& text) {
  std::string cell = text;
  if (!cell.empty() && std::string_view("=+-@\t\r").find(cell.front()) != std::string_view::npos)
    cell.insert(cell.begin(), '\'');
  if (cell.find_first_of(",\"\r\n") == std::string::npos) return cell;
  std::string quoted = "\"";
  for (const char c : cell) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

}  // namespace

void print_answer_csv(std::ostream& out, const json& answer) {
  std::vector<Axis> axes;
  for (const json& d : answer.at("dimensions")) axes.push_back(axis_of(d));
  out << "\xEF\xBB\xBF"
      << "period";
  for (const Axis& a : axes) out << ',' << csv_cell(a.name) << ',' << csv_cell(a.name + "_name");
  out << ",status,value\r\n";
  for (const json& period : answer.at("periods"))
    for (const json& c : period.at("cells")) {
      out << csv_cell(period.value("period", ""));
      for (const Axis& a : axes) {
        const std::string code = c.value(a.name, "");
        out << ',' << csv_cell(code) << ',' << csv_cell(a.names.at(code));
      }
      const std::string status = c.value("status", "");
      out << ',' << csv_cell(status) << ','
          << (status == "suppressed" ? "" : std::to_string(c.value("value", std::uint64_t{0})))
          << "\r\n";
    }
}

}  // namespace hedgerow::cli
