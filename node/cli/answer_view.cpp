#include "node/cli/answer_view.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <ostream>
#include <sstream>
#include <string>
#include <vector>

namespace hedgerow::cli {

using nlohmann::json;

namespace {

constexpr std::size_t kColumns = 100;    // of a terminal
constexpr std::size_t kShownWhole = 26;  // a longer axis is shown without its empty lines
constexpr std::size_t kMaxName = 40;

// A to Z, then AA, AB, ...
std::string letter(std::size_t i) {
  std::string text(1, static_cast<char>('A' + i % 26));
  return i < 26 ? text : letter(i / 26 - 1) + text;
}

bool is_suppressed(const json& cell) { return cell.value("status", "") == "suppressed"; }

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

std::string to_width(std::string text, std::size_t width) {
  text.resize(std::min(text.size(), width));
  return text + std::string(width - text.size(), ' ');
}

// Items behind one another, the first after `head`, in lines of at most kColumns, the others
// indented.
void print_wrapped(std::ostream& out, const std::string& head,
                   const std::vector<std::string>& items, const std::string& between) {
  std::string line = head;
  bool empty = true;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::string item = items[i] + (i + 1 < items.size() ? between : "");
    if (!empty && line.size() + 1 + item.size() > kColumns) {
      out << line << '\n';
      line = "   ";
    }
    line += ' ' + item;
    empty = false;
  }
  out << line << '\n';
}

void print_words(std::ostream& out, const std::string& head, const std::string& text) {
  std::vector<std::string> words;
  std::istringstream in(text);
  for (std::string word; in >> word;) words.push_back(word);
  print_wrapped(out, head, words, "");
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

// The cells of one period by the codes of all axes, in the order of the axes.
class Cells {
 public:
  Cells(const json& period, const std::vector<Axis>& axes) : axes_(axes) {
    for (const json& cell : period.at("cells")) {
      std::vector<std::string> key;
      for (const Axis& axis : axes) key.push_back(cell.value(axis.name, ""));
      cells_[std::move(key)] = &cell;
    }
  }
  // `at`: codes by the number of their axis.
  const json& at(const std::map<std::size_t, std::string>& at) const {
    std::vector<std::string> key;
    for (std::size_t i = 0; i < axes_.size(); ++i) key.push_back(at.at(i));
    return *cells_.at(key);
  }

 private:
  const std::vector<Axis>& axes_;
  std::map<std::vector<std::string>, const json*> cells_;
};

// One table of rows and columns; further axes are held at one code each.
struct Grid {
  const Cells& cells;
  const Axis& rows;
  const Axis& columns;
  std::size_t row_axis, column_axis;
  std::map<std::size_t, std::string> held;

  const json& cell(const std::string& row, const std::string& column) const {
    auto at = held;
    at[row_axis] = row;
    at[column_axis] = column;
    return cells.at(at);
  }
  bool row_is_empty(const std::string& row) const {
    return std::all_of(columns.codes.begin(), columns.codes.end(),
                       [&](const std::string& c) { return is_suppressed(cell(row, c)); });
  }
  bool column_is_empty(const std::string& column) const {
    return std::all_of(rows.codes.begin(), rows.codes.end(),
                       [&](const std::string& r) { return is_suppressed(cell(r, column)); });
  }
};

// The indices of the codes that are shown.
template <class IsEmpty>
std::vector<std::size_t> shown_codes(const Axis& axis, IsEmpty is_empty) {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < axis.codes.size(); ++i)
    if (axis.codes.size() <= kShownWhole || !is_empty(axis.codes[i])) out.push_back(i);
  return out;
}

void print_legend(std::ostream& out, const Grid& g, const std::vector<std::size_t>& columns) {
  if (g.rows.codes == g.columns.codes) {
    out << "  rows: " << g.rows.name << "; columns, by the same letters: " << g.columns.name
        << '\n';
    return;
  }
  std::vector<std::string> names;
  for (const std::size_t i : columns)
    names.push_back(letter(i) + ' ' + g.columns.names.at(g.columns.codes[i]));
  print_wrapped(out, "  rows: " + g.rows.name + "; columns: " + g.columns.name + ":", names, ",");
}

void print_grid(std::ostream& out, const Grid& g) {
  const auto rows =
      shown_codes(g.rows, [&](const std::string& code) { return g.row_is_empty(code); });
  const auto columns =
      shown_codes(g.columns, [&](const std::string& code) { return g.column_is_empty(code); });
  print_legend(out, g, columns);
  std::size_t name_width = 0;
  std::size_t letter_width = 1;
  std::size_t width = 5;
  for (const std::size_t r : rows) {
    name_width = std::max(name_width, std::min(kMaxName, g.rows.names.at(g.rows.codes[r]).size()));
    letter_width = std::max(letter_width, letter(r).size());
    for (const std::size_t c : columns)
      width = std::max(width, shown(g.cell(g.rows.codes[r], g.columns.codes[c])).size() + 1);
  }
  const std::size_t label = 2 + letter_width + 1 + name_width;
  const std::size_t block = std::max<std::size_t>(1, (kColumns - label) / width);
  for (std::size_t from = 0; from < columns.size(); from += block) {
    const std::size_t to = std::min(from + block, columns.size());
    out << std::string(label, ' ');
    for (std::size_t c = from; c < to; ++c) out << padded(letter(columns[c]), width);
    out << '\n';
    for (const std::size_t r : rows) {
      const std::string& code = g.rows.codes[r];
      out << "  " << to_width(letter(r), letter_width) << ' '
          << to_width(g.rows.names.at(code), name_width);
      for (std::size_t c = from; c < to; ++c)
        out << padded(shown(g.cell(code, g.columns.codes[columns[c]])), width);
      out << '\n';
    }
  }
  const std::size_t left_out =
      g.rows.codes.size() - rows.size() + g.columns.codes.size() - columns.size();
  if (left_out > 0)
    out << "  (" << left_out << " rows and columns with suppressed cells alone are left out)\n";
}

void print_list(std::ostream& out, const Cells& cells, const Axis& axis) {
  const auto empty = [&](const std::string& code) { return is_suppressed(cells.at({{0, code}})); };
  const auto rows = shown_codes(axis, empty);
  std::size_t width = 5;
  for (const std::size_t i : rows)
    width = std::max(width, shown(cells.at({{0, axis.codes[i]}})).size());
  out << "  by " << axis.name << '\n';
  for (const std::size_t i : rows)
    out << "  " << padded(shown(cells.at({{0, axis.codes[i]}})), width) << "  "
        << axis.names.at(axis.codes[i]) << '\n';
  if (rows.size() < axis.codes.size())
    out << "  (" << axis.codes.size() - rows.size() << " suppressed ones are left out)\n";
}

// Which axis goes across: destinations beside origins, else the shortest.
std::size_t across(const std::vector<Axis>& axes) {
  if (axes.size() == 2 && axes[0].codes == axes[1].codes) return axes[0].name == "origin" ? 1 : 0;
  std::size_t shortest = axes.size() - 1;
  for (std::size_t i = axes.size(); i-- > 0;)
    if (axes[i].codes.size() < axes[shortest].codes.size()) shortest = i;
  return shortest;
}

// Three dimensions: a grid for each code of the shorter of the two that do not go across.
void print_pages(std::ostream& out, const Cells& cells, const std::vector<Axis>& axes,
                 std::size_t column) {
  std::size_t page = column == 0 ? 1 : 0;
  std::size_t row = 3 - page - column;
  if (axes[row].codes.size() < axes[page].codes.size()) std::swap(row, page);
  std::vector<std::string> empty;
  for (const std::string& code : axes[page].codes) {
    const Grid grid{cells, axes[row], axes[column], row, column, {{page, code}}};
    const std::string& name = axes[page].names.at(code);
    if (std::all_of(axes[row].codes.begin(), axes[row].codes.end(),
                    [&](const std::string& r) { return grid.row_is_empty(r); })) {
      empty.push_back(name);
      continue;
    }
    out << "  " << axes[page].name << ": " << name << '\n';
    print_grid(out, grid);
  }
  if (!empty.empty()) print_wrapped(out, "  all suppressed, " + axes[page].name + ":", empty, ",");
}

void print_cells(std::ostream& out, const json& period, const std::vector<Axis>& axes) {
  const Cells cells(period, axes);
  if (axes.size() == 1) return print_list(out, cells, axes[0]);
  const std::size_t column = across(axes);
  if (axes.size() == 2) {
    const std::size_t row = 1 - column;
    return print_grid(out, Grid{cells, axes[row], axes[column], row, column, {}});
  }
  print_pages(out, cells, axes, column);
}

void print_parties(std::ostream& out, const json& period) {
  std::vector<std::string> answered;
  std::vector<std::string> left_out;  // with the reason, such as a standing restriction
  std::vector<std::string> rates;
  for (const json& p : period.at("parties")) {
    const std::string party = p.value("party", "");
    const std::string status = p.value("status", "");
    if (status == "answered")
      answered.push_back(party);
    else
      left_out.push_back(party + " (" + status + ")");
    rates.push_back(party + ' ' + p.value("match_rate", "not stated"));
  }
  print_wrapped(out, "  answered by:", answered, "");
  if (!left_out.empty()) print_wrapped(out, "  without:", left_out, ",");
  print_wrapped(out, "  match rate:", rates, ",");
}

void print_head(std::ostream& out, const json& answer) {
  const json& q = answer.at("question");
  const json& clause = answer.at("clause");
  out << q.value("kind", "")
      << (answer.contains("link") ? " of distinct children across agencies, "
                                  : " of " + answer.value("measure", "") + ", ")
      << q.value("from", "")
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
  for (const json& period : answer.at("periods")) {
    const auto released = period.value("released", 0);
    const auto suppressed = period.value("suppressed", 0);
    const bool nothing = static_cast<std::size_t>(suppressed) == period.at("cells").size();
    out << '\n' << period.value("period", "") << ": ";
    if (nothing)
      out << "everything is suppressed, all " << suppressed << " cells\n";
    else
      out << released << " cells released, " << suppressed << " suppressed (shown as ·)\n";
    if (!nothing) print_cells(out, period, axes);
    print_parties(out, period);
    out << "  edition " << period.value("edition", 0) << ", " << period.value("edition_hash", "")
        << "\n";
  }
  for (const json& note : answer.at("notes")) print_words(out, "note:", note.get<std::string>());
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

// A row that is no cell: what the answer says of a period, or of all where that is empty.
void print_csv_note(std::ostream& out, const std::string& period, std::size_t axes,
                    const std::string& text) {
  out << csv_cell(period) << std::string(2 * axes, ',') << ",note,," << csv_cell(text) << "\r\n";
}

}  // namespace

void print_answer_csv(std::ostream& out, const json& answer) {
  std::vector<Axis> axes;
  for (const json& d : answer.at("dimensions")) axes.push_back(axis_of(d));
  out << "\xEF\xBB\xBF"
      << "period";
  for (const Axis& a : axes) out << ',' << csv_cell(a.name) << ',' << csv_cell(a.name + "_name");
  out << ",status,value,note\r\n";
  for (const json& period : answer.at("periods"))
    for (const json& c : period.at("cells")) {
      out << csv_cell(period.value("period", ""));
      for (const Axis& a : axes) {
        const std::string code = c.value(a.name, "");
        out << ',' << csv_cell(code) << ',' << csv_cell(a.names.at(code));
      }
      out << ',' << csv_cell(c.value("status", "")) << ','
          << (is_suppressed(c) ? "" : std::to_string(c.value("value", std::uint64_t{0})))
          << ",\r\n";
    }
  for (const json& note : answer.at("notes"))
    print_csv_note(out, "", axes.size(), note.get<std::string>());
  for (const json& period : answer.at("periods"))
    for (const json& p : period.at("parties"))
      print_csv_note(out, period.value("period", ""), axes.size(),
                     p.value("party", "") + ": " + p.value("status", "") + ", match rate " +
                         p.value("match_rate", "not stated"));
}

}  // namespace hedgerow::cli
