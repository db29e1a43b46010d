#include "tests/simulation/errands.h"

#include <algorithm>

#include "tests/simulation/plain.h"

namespace hedgerow::simulation {

namespace {

constexpr seconds kPatience{240};
constexpr std::size_t kTriesAfterHealing = 30;

bool is_about_quota(const Error& e) { return e.text.find("quota") != std::string::npos; }

}  // namespace

Errands::Errands(Region& region, const Scenario& scenario, UtcTime beginning)
    : region_(region), scenario_(scenario) {
  for (std::size_t i = 0; i < scenario.imports.size(); ++i) {
    Errand e;
    e.what = file_name(i) + " at " + scenario.imports[i].party;
    e.party = scenario.imports[i].party;
    e.due = beginning + scenario.imports[i].at;
    e.import = i;
    errands_.push_back(std::move(e));
  }
  for (const QuestionPlan& q : scenario.questions) {
    Errand e;
    e.what = "question " + q.ask.id.hex().substr(0, 8) + " at " + q.ask.home;
    e.party = q.ask.home;
    e.due = beginning + q.at;
    e.question = q;
    errands_.push_back(std::move(e));
  }
  for (const TracePlan& t : scenario.trace_plans) {
    Errand e;
    e.what = "trace of child " + std::to_string(t.child) + " at " + t.home;
    e.party = t.home;
    e.due = beginning + t.at;
    e.tracing.emplace(t.home, t.child);
    errands_.push_back(std::move(e));
  }
  // So that the clock does not jump over them.
  for (const Errand& e : errands_) region_.at(e.due, [] {});
}

void Errands::expect_success() {
  expects_success_ = true;
  for (Errand& e : errands_) e.tries = 0;
}

void Errands::ask_at_last(const Ask& ask) {
  Errand e;
  e.what = "last question at " + ask.home;
  e.party = ask.home;
  e.due = region_.now();
  e.question = QuestionPlan{};
  e.question->ask = ask;
  new_id(e);
  errands_.push_back(std::move(e));
}

bool Errands::all_done() const {
  return std::all_of(errands_.begin(), errands_.end(), [](const Errand& e) { return e.done; });
}

std::vector<std::string> Errands::open() const {
  std::vector<std::string> out;
  for (const Errand& e : errands_)
    if (!e.done) out.push_back(e.what);
  return out;
}

void Errands::new_id(Errand& e) {
  const auto drawn = seed_of("later question", scenario_.seed * 1024 + ++ids_);
  std::copy_n(drawn.begin(), e.question->ask.id.bytes.size(), e.question->ask.id.bytes.begin());
  e.asked = false;
}

// Files of one party one after the other.
bool Errands::may_begin(const Errand& e) const {
  if (e.due > region_.now() || !region_.is_up(e.party)) return false;
  if (!e.import) return true;
  for (const Errand& other : errands_) {
    if (&other == &e) return true;
    if (other.import && other.party == e.party && !other.done) return false;
  }
  return true;
}

void Errands::begin(Errand& e) {
  e.begun = region_.now();
  ++e.tries;
  region_.note("begun: " + e.what);
  if (e.import) {
    e.running = region_.command(e.party,
                                {{"command", "import-movements"}, {"source", file_name(*e.import)}},
                                to_csv(scenario_.imports[*e.import].rows));
    return;
  }
  if (e.tracing) {
    e.running = e.tracing->begin(region_);
    region_.at(region_.now() + kPatience, [] {});
    return;
  }
  const Ask& ask = e.question->ask;
  e.running = region_.command(e.party, e.asked ? nlohmann::json{{"command", "ask-result"},
                                                                {"agreement", "vale-cse"},
                                                                {"id", ask.id.hex()}}
                                               : region_.ask_request(ask));
  region_.at(region_.now() + kPatience, [] {});
}

void Errands::again(Errand& e, seconds pause) {
  if (expects_success_ && e.tries > kTriesAfterHealing) {
    e.done = true;
    if (scenario_.hub != Hostility::is_set_back) faults_.push_back("no end was found: " + e.what);
    return;
  }
  e.due = region_.now() + pause;
  region_.at(e.due, [] {});
}

void Errands::on_import(Errand& e, const Outcome& o) {
  if (o.result) {
    e.done = true;
    if (!o.result->value("imported", false))
      faults_.push_back("not imported: " + e.what + " " + o.result->dump());
    return;
  }
  if (o.error && is_about_quota(*o.error) && region_.shape().quotas.imports < 1000) {
    ++out_of_quota_;
    e.done = true;
    return;
  }
  if (o.error && o.error->code != Code::try_again)
    faults_.push_back("refused: " + e.what + ": " + o.error->text);
  again(e, o.lost ? seconds(5) : seconds(30));
}

void Errands::on_question(Errand& e, const Outcome& o) {
  const QuestionPlan& q = *e.question;
  if (o.result) {
    if (!q.permitted) faults_.push_back("answered outside the agreement: " + e.what);
    answers_.push_back({q.ask, *o.result});
    if (q.repeated) {
      e.question->repeated = false;
      e.asked = true;
      return again(e, seconds(20));
    }
    e.done = true;
    return;
  }
  if (o.lost) {
    e.asked = true;  // it may be
    return again(e, seconds(5));
  }
  if (!q.permitted) {
    ++refusals_;
    e.done = true;
    return;
  }
  if (o.error->code == Code::bad_input && e.asked) {
    e.asked = false;  // the node does not know it after all
    return again(e, seconds(1));
  }
  if (expects_success_ && scenario_.hub != Hostility::is_set_back &&
      o.error->code == Code::denied && e.tries > 3)
    faults_.push_back("refused: " + e.what + ": " + o.error->text);
  new_id(e);
  again(e, seconds(25));
}

void Errands::on_tracing(Errand& e, const Outcome& o) {
  const auto before = e.tracing->stage();
  if (e.tracing->on(o)) {
    traced_.push_back({e.party, e.tracing->child(), e.tracing->result()});
    e.done = true;
    return;
  }
  if (o.error && is_about_quota(*o.error)) {
    ++out_of_quota_;
    e.done = true;
    return;
  }
  const bool went_on = e.tracing->stage() != before;
  if (went_on && !o.lost) e.tries = 0;
  again(e, went_on ? seconds(1) : seconds(20));
}

void Errands::go_on() {
  for (Errand& e : errands_) {
    if (e.done) continue;
    if (!e.running) {
      if (may_begin(e)) begin(e);
      continue;
    }
    const Outcome& now = region_.outcome(*e.running);
    if (!now.ended() && e.tracing && region_.now() > e.begun + kPatience) {
      region_.hang_up(*e.running);
      e.running.reset();
      again(e, seconds(10));
      continue;
    }
    if (!now.ended() && e.question && region_.now() > e.begun + kPatience) {
      region_.hang_up(*e.running);
      e.running.reset();
      e.asked = true;
      if (scenario_.hub == Hostility::is_set_back) new_id(e);  // the old one leads nowhere
      again(e, seconds(10));
      continue;
    }
    if (!now.ended()) continue;
    const Outcome o = now;
    e.running.reset();
    e.import ? on_import(e, o) : e.tracing ? on_tracing(e, o) : on_question(e, o);
  }
}

}  // namespace hedgerow::simulation
