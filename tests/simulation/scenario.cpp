#include "tests/simulation/scenario.h"

#include <algorithm>

#include "tests/simulation/dice.h"

namespace hedgerow::simulation {

namespace {

seconds draw_time(std::size_t a, std::size_t b, Dice& dice) { return seconds(dice.between(a, b)); }

std::string two_digits(std::size_t n) { return (n < 10 ? "0" : "") + std::to_string(n); }

// Of the second quarter, of the third, or of none that is asked about.
std::string day_of(std::size_t quarter, Dice& dice) {
  const std::size_t month = quarter == 0 ? 1 : quarter * 3 - 2;
  return "2026-" + two_digits(month + dice.below(3)) + "-" + two_digits(dice.between(1, 28));
}

constexpr std::size_t kChildren = 12;  // whom the region knows
constexpr std::size_t kHotCells = 4;
constexpr std::size_t kLinkingHundredths = 2;   // of regions have linked tables
constexpr std::size_t kTracingHundredths = 40;  // of the others, where hub and key are honest

struct HotCell {
  std::string origin, destination, event;
  std::size_t quarter = 3;
};

std::string place(const std::vector<std::string>& areas, Dice& dice) {
  const std::size_t n = dice.below(areas.size() + 3);
  if (n < areas.size()) return areas[n];
  if (n == areas.size()) return "E08000025";  // a district elsewhere
  return n == areas.size() + 1 ? "outside-england" : "";
}

std::vector<HotCell> draw_cells(const Shape& shape, Dice& dice) {
  std::vector<HotCell> cells;
  for (std::size_t i = 0; i < kHotCells; ++i) {
    HotCell c;
    c.origin = place(shape.areas(), dice);
    c.destination = place(shape.areas(), dice);
    c.event = i + 1 < kHotCells ? shape.grants[0].event : "away-without-authorisation";
    c.quarter = i == 0 ? 3 : 2 + dice.below(2);
    cells.push_back(std::move(c));
  }
  return cells;
}

Row make_row(std::size_t party, std::size_t child, Dice& dice) {
  Row row;
  row.child = child;
  row.reference = "r" + std::to_string(party) + "-" + std::to_string(child);
  if (child % 5 == 0 && dice.chance(50)) row.reference += "b";  // stands under two references
  row.with_number = !dice.chance(15);
  return row;
}

std::vector<Row> draw_rows(const Shape& shape, const std::vector<HotCell>& cells, std::size_t party,
                           Dice& dice) {
  std::vector<Row> rows;
  for (const HotCell& c : cells) {
    const std::size_t known = dice.below(shape.grants[0].min_children + 3);
    const std::size_t first = dice.below(kChildren);
    for (std::size_t i = 0; i < known; ++i) {
      const std::size_t reports = dice.chance(25) ? 2 : 1;
      for (std::size_t n = 0; n < reports; ++n) {
        Row row = make_row(party, (first + i) % kChildren, dice);
        row.origin = c.origin;
        row.destination = c.destination;
        row.event = c.event;
        row.day = day_of(c.quarter, dice);
        rows.push_back(std::move(row));
      }
    }
  }
  for (std::size_t i = 0; i < 2; ++i) {  // what does not count, or alone in its cell
    Row row = make_row(party, dice.below(kChildren), dice);
    row.origin = place(shape.areas(), dice);
    row.destination = place(shape.areas(), dice);
    row.event = dice.chance(50) ? "missing" : "sighting";
    row.day = day_of(dice.below(3) == 0 ? 1 : 3, dice);
    rows.push_back(std::move(row));
  }
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i].source = "S" + std::to_string(i + 1);
  return rows;
}

void draw_imports(Scenario& s, const Shape& shape, Dice& dice) {
  const auto cells = draw_cells(shape, dice);
  std::size_t party = 0;
  for (const std::string& name : shape.contributors()) {
    std::vector<Row> rows = draw_rows(shape, cells, ++party, dice);
    // Some come late, and some of those replace what came before.
    std::vector<Row> late;
    if (dice.chance(50) && rows.size() > 4) {
      const std::size_t n = dice.between(1, 3);
      late.assign(rows.end() - static_cast<std::ptrdiff_t>(n), rows.end());
      rows.resize(rows.size() - n);
      Row replaced = rows.front();
      replaced.destination = place(shape.areas(), dice);
      late.push_back(std::move(replaced));
    }
    s.imports.push_back({name, draw_time(0, 20, dice), rows});
    if (!late.empty()) s.imports.push_back({name, draw_time(30, 500, dice), late});
    if (dice.chance(15)) s.imports.push_back({name, draw_time(60, 600, dice), rows});
  }
}

void draw_questions(Scenario& s, const Shape& shape, Dice& dice) {
  const auto add = [&](QuestionPlan q) {
    q.ask.id.bytes = {};
    const auto drawn = seed_of("question", s.seed * 64 + s.questions.size());
    std::copy_n(drawn.begin(), q.ask.id.bytes.size(), q.ask.id.bytes.begin());
    s.questions.push_back(std::move(q));
  };
  const std::size_t n = dice.between(1, 3);
  for (std::size_t i = 0; i < n; ++i) {
    QuestionPlan q;
    q.at = draw_time(i == 0 ? 5 : 60, 400, dice);
    q.ask.home = dice.of(shape.homes);
    q.ask.grant = dice.below(shape.grants.size());
    q.permitted = !shape.grants[q.ask.grant].only_first_home || q.ask.home == shape.homes.front();
    const std::size_t range = dice.below(10);
    if (range == 0) q.ask.from = "2026-Q2";
    if (range == 1) {
      q.ask.from = "2026-Q2";
      q.ask.to = "2026-Q3";
    }
    q.repeated = dice.chance(20);
    add(q);
    if (dice.chance(20)) {  // the same from whoever else may
      q.ask.home = dice.of(shape.homes);
      q.permitted = !shape.grants[q.ask.grant].only_first_home || q.ask.home == shape.homes.front();
      q.at += seconds(dice.below(30));
      add(q);
    }
  }
  if (!dice.chance(30)) return;
  QuestionPlan q;  // what nobody may ask
  q.at = draw_time(0, 200, dice);
  q.ask.home = shape.homes.front();
  q.permitted = false;
  switch (dice.below(4)) {
    case 0:
      q.ask.as_practitioner = true;
      break;
    case 1:
      q.ask.from = "2026-Q4";  // not settled
      break;
    case 2:
      q.ask.purpose = "curiosity";
      break;
    default:
      q.ask.from = "2023-Q1";  // before the grant's history
      break;
  }
  add(q);
}

Crash draw_crash(const Shape& shape, Dice& dice) {
  static const std::vector<std::string> kPoints = {
      "before_commit", "after_append", "after_transaction", "after_confirm", "after_send",
      "delivery",      "ack_taken",    "charged",           "period_frozen"};
  static const std::vector<std::string> kDuring = {"",       "",    "pseudonyms", "question",
                                                   "sum",    "sum", "receipts",   "answer",
                                                   "import", "ask", "time"};
  Crash c;
  c.point = dice.of(kPoints);
  c.party = dice.of(shape.names());
  if (c.point == "charged") c.party = dice.of(shape.keyholders());
  if (c.point == "period_frozen") c.party = dice.of(shape.contributors());
  if (c.point != "charged" && c.point != "period_frozen" && c.point != "ack_taken")
    c.during = dice.of(kDuring);
  c.skip = c.point == "charged" || c.point == "period_frozen" ? 0 : dice.below(6);
  return c;
}

void draw_crashes(Scenario& s, const Shape& shape, Dice& dice) {
  const std::size_t n = dice.below(4);
  for (std::size_t i = 0; i < n; ++i) {
    Crash c = draw_crash(shape, dice);
    if (dice.chance(15))  // and again as it starts
      s.crashes.push_back({c.party, dice.chance(50) ? "start_opened" : "start_agreed", 0, ""});
    s.crashes.push_back(std::move(c));
  }
  if (!s.from_beginning) return;
  const std::vector<std::string> early = {"install_stored", "install_committed", "before_commit",
                                          "after_append",   "after_transaction", "after_confirm",
                                          "after_send",     "delivery"};
  for (std::size_t i = dice.below(4); i > 0; --i) {
    Crash c{dice.of(shape.names()), dice.of(early), 0, ""};
    if (!c.point.starts_with("install")) {
      c.during = dice.chance(30) ? "install" : "key-generation";
      c.skip = c.during == "install" ? 0 : dice.below(6);
    }
    s.early_crashes.push_back(std::move(c));
  }
}

Interval draw_interval(const std::string& party, std::size_t longest, Dice& dice) {
  Interval i;
  i.party = party;
  i.from = draw_time(0, 300, dice);
  i.until = i.from + draw_time(1, longest, dice);
  return i;
}

void draw_faults(Scenario& s, const Shape& shape, Dice& dice) {
  Options& o = s.network;
  if (dice.chance(40)) {
    o.loss = static_cast<unsigned>(dice.below(120));
    o.duplication = static_cast<unsigned>(dice.below(150));
    o.in_order = dice.chance(40);
    o.longest_delay = std::chrono::milliseconds(dice.between(20, 600));
  }
  const auto names = shape.names();
  const std::vector<std::string> leaves(names.begin() + 1, names.end());
  if (dice.chance(15)) s.away.push_back(draw_interval(dice.of(names), 240, dice));
  if (dice.chance(15)) {
    s.cut_off.push_back(draw_interval(dice.of(leaves), 300, dice));
    if (dice.chance(40)) {
      Interval second = s.cut_off.front();
      second.party = dice.of(leaves);
      s.cut_off.push_back(std::move(second));
    }
  }
  if (dice.chance(15)) s.gateways.push_back(draw_interval(dice.of(names), 60, dice));
  if (dice.chance(10)) {
    s.slow.push_back(draw_interval(dice.of(leaves), 300, dice));
    s.slow.back().amount = std::chrono::milliseconds(dice.between(500, 12'000));
  }
  if (dice.chance(30))
    for (const std::string& party : names) {
      const auto ahead = static_cast<std::int64_t>(dice.below(110'000)) - 55'000;
      s.clocks.push_back({party, seconds(0), seconds(0), std::chrono::milliseconds(ahead)});
    }
  if (dice.chance(6)) {
    s.clock_beyond = true;
    const auto minutes = static_cast<std::int64_t>(dice.between(5, 15));
    s.clocks.push_back({dice.of(names), seconds(0), seconds(0),
                        std::chrono::minutes(dice.chance(50) ? minutes : -minutes)});
  }
}

// Drawn last, so that whatever was drawn before stays as it is.
void draw_links(Scenario& s, const Shape& shape, Dice& dice) {
  if (s.from_beginning || s.hub != Hostility::none || !dice.chance(kLinkingHundredths)) return;
  s.network.shape = with_links(shape);
  s.links = true;
  const auto& linked = s.network.shape->linked;
  const std::size_t tables = linked.size();
  s.last = dice.below(tables);
  for (ImportPlan& plan : s.imports)  // a row counts in one table
    for (Row& row : plan.rows)
      if (dice.chance(80)) row.event = dice.of(linked).event;
  for (QuestionPlan& q : s.questions)
    if (q.permitted && dice.chance(60)) q.ask.linked = dice.below(tables);
  for (std::size_t i = dice.below(3); i > 0; --i) {
    Crash c = draw_crash(shape, dice);
    if (c.point == "charged" || c.point == "period_frozen" || c.point == "ack_taken")
      c.point = "after_append";
    c.during = "link";
    c.skip = dice.below(12);
    s.crashes.push_back(std::move(c));
  }
}

// With dice of their own, and last: all else stays as it is without them.
void draw_traces(Scenario& s) {
  Dice dice("traces", s.seed);
  if (s.from_beginning || s.links || s.hub != Hostility::none || !dice.chance(kTracingHundredths))
    return;
  s.network.shape = with_traces(*s.network.shape);
  s.traces = true;
  const Shape& region = *s.network.shape;
  std::vector<std::string> homes;
  const auto contributors = region.contributors();
  for (const std::string& home : region.homes)
    if (std::ranges::find(contributors, home) != contributors.end()) homes.push_back(home);
  const std::size_t n = dice.between(1, 3);
  for (std::size_t i = 0; i < n; ++i)
    s.trace_plans.push_back({draw_time(i == 0 ? 20 : 60, 500, dice), dice.of(homes),
                             dice.below(kChildren + 2)});  // two whom nobody knows
  for (std::size_t i = dice.below(3); i > 0; --i) {
    static const std::vector<std::string> kPoints = {"before_commit",     "after_append",
                                                     "after_transaction", "after_confirm",
                                                     "after_send",        "delivery"};
    s.crashes.push_back({dice.of(contributors), dice.of(kPoints), dice.below(10),
                         dice.chance(75) ? "trace" : "pseudonyms"});
  }
}

}  // namespace

Scenario draw(std::uint64_t seed) {
  Dice dice("scenario", seed);
  Scenario s;
  s.seed = seed;
  s.shape = draw_shape(dice.below(100));
  s.from_beginning = dice.chance(8);
  if (s.from_beginning && s.shape > 4) s.shape = dice.below(4);
  const Shape& region = shape(s.shape);
  draw_imports(s, region, dice);
  draw_questions(s, region, dice);
  const std::size_t hub = dice.below(100);
  if (hub < 5) s.hub = Hostility::skips_a_signature;
  // A keyholder that is set back forgets what it charged: another matter.
  if (hub >= 5 && hub < 10 && !s.from_beginning && !region.parties[0].keyholder)
    s.hub = Hostility::is_set_back;
  if (s.hub == Hostility::none) {
    draw_crashes(s, region, dice);
    draw_faults(s, region, dice);
  }
  // Nothing heals a hub that is set back; by then all have asked.
  s.healed_at = seconds(s.hub == Hostility::is_set_back ? 500 : 700);
  s.network.shape = region;
  s.network.with_key = !s.from_beginning;
  draw_links(s, region, dice);
  draw_traces(s);
  return s;
}

std::string to_text(const Scenario& s) {
  std::string out =
      "seed " + std::to_string(s.seed) + ": " + shape(s.shape).name +
      (s.from_beginning ? ", from the beginning" : "") + (s.links ? ", with links" : "") +
      (s.traces ? ", with " + std::to_string(s.trace_plans.size()) + " traces" : "") + ", " +
      std::to_string(s.imports.size()) + " imports, " + std::to_string(s.questions.size()) +
      " questions, loss " + std::to_string(s.network.loss) + ", duplication " +
      std::to_string(s.network.duplication) + (s.network.in_order ? "" : ", disorder");
  for (const Crash& c : s.crashes)
    out += "; " + c.party + " ends at " + c.point + " " + c.during + " " + std::to_string(c.skip);
  for (const auto& [what, intervals] :
       {std::pair("away", &s.away), std::pair("cut off", &s.cut_off),
        std::pair("without gateway", &s.gateways), std::pair("slow", &s.slow)})
    for (const Interval& i : *intervals)
      out += "; " + i.party + " " + what + " from " + std::to_string(i.from.count()) + " to " +
             std::to_string(i.until.count()) + " s";
  if (s.clock_beyond) out += "; a clock beyond tolerance";
  if (s.hub == Hostility::skips_a_signature) out += "; the hub skips a signature";
  if (s.hub == Hostility::is_set_back) out += "; the hub is set back";
  return out;
}

}  // namespace hedgerow::simulation
