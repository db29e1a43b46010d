// The people of a seed's region: each errand is begun when its time has come, tried again where a
// node ended under its hands or said so, and ends one way or another.
#pragma once

#include "tests/simulation/scenario.h"
#include "tests/simulation/tracing.h"

namespace hedgerow::simulation {

struct Answered {
  Ask ask;
  nlohmann::json answer;
};

struct Traced {
  std::string home;
  std::size_t child = 0;
  nlohmann::json result;
};

class Errands {
 public:
  Errands(Region& region, const Scenario& scenario, UtcTime beginning);

  // Does what can be done now. Call between events.
  void go_on();
  bool all_done() const;
  // From now on what may be done must succeed.
  void expect_success();
  // Another question, now, which must be answered.
  void ask_at_last(const Ask& ask);

  const std::vector<Answered>& answers() const { return answers_; }
  const std::vector<Traced>& traced() const { return traced_; }
  const std::vector<std::string>& faults() const { return faults_; }
  std::size_t refusals() const { return refusals_; }  // of what nobody may ask
  std::size_t out_of_quota() const { return out_of_quota_; }
  std::vector<std::string> open() const;  // what has not ended

 private:
  struct Errand {
    std::string what;
    std::string party;
    UtcTime due;
    std::optional<std::size_t> import;
    std::optional<QuestionPlan> question;
    std::optional<Tracing> tracing;
    std::optional<core::ConnectionId> running;
    UtcTime begun{};
    bool asked = false;  // its id may be known to the node
    std::size_t tries = 0;
    bool done = false;
  };

  void begin(Errand& e);
  void on_import(Errand& e, const Outcome& o);
  void on_question(Errand& e, const Outcome& o);
  void on_tracing(Errand& e, const Outcome& o);
  void again(Errand& e, seconds pause);
  void new_id(Errand& e);
  bool may_begin(const Errand& e) const;

  Region& region_;
  const Scenario& scenario_;
  std::vector<Errand> errands_;
  std::vector<Answered> answers_;
  std::vector<Traced> traced_;
  std::vector<std::string> faults_;
  std::size_t refusals_ = 0, out_of_quota_ = 0;
  bool expects_success_ = false;
  std::uint64_t ids_ = 0;
};

}  // namespace hedgerow::simulation
