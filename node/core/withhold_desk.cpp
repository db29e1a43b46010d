#include "node/core/withhold_desk.h"

#include <nlohmann/json.hpp>

#include "crypto/hash.h"
#include "node/core/duty_contact.h"
#include "node/import/nhs_number.h"
#include "node/import/reference.h"

namespace hedgerow::core {

using nlohmann::json;
using policies::Day;

namespace {

std::string day_text(std::int32_t day) { return policies::to_text(Day{day}); }

// A decision is recorded on the day it is taken, or later.
Result<Day> day_of(const std::optional<Day>& said, UtcTime now) {
  const Day today = policies::london_day(now);
  if (said && *said > today)
    return bad_input("the date " + policies::to_text(*said) + " lies in the future", "see --date");
  return said.value_or(today);
}

// An officer reads these words in a list, and the child is to be in none.
Result<void> check_words(const std::string& reason, const std::string& decider) {
  for (const auto& [text, what] : {std::pair(&reason, "the reason"), {&decider, "the decider"}})
    if (import::contains_nhs_number(as_bytes(*text)))
      return bad_input(std::string(what) + " has an NHS number in it",
                       "say why and who decides, not about whom: the decision has its own number");
  return {};
}

// Today's directory has the child, or will while it is being made, and today's key answers until
// the end of tomorrow. None: the agreement has no grant of traces.
std::optional<Day> traceable_until(const policies::Agreement& agreement, UtcTime now) {
  if (!agreement.trace) return std::nullopt;
  const auto today = std::chrono::floor<std::chrono::days>(now).time_since_epoch().count();
  return Day{static_cast<std::int32_t>(today + 1)};
}

json decision_json(const store::WithholdRecord& r) {
  json j = {{"number", r.number},
            {"reason", r.reason},
            {"decider", r.decider},
            {"date", day_text(r.decided_day)},
            {"review", day_text(r.review_day)},
            {"ended", nullptr}};
  if (r.ended)
    j["ended"] = {{"reason", r.ended->reason},
                  {"decider", r.ended->decider},
                  {"date", day_text(r.ended->day)}};
  return j;
}

}  // namespace

Result<void> WithholdDesk::check_contributor() const {
  if (!lineage_.own().roles.contributor)
    return denied("this party holds no records under " + lineage_.id().str());
  return {};
}

Result<Work> WithholdDesk::add(const WithholdAdd& wanted, ByteView reference, Reply reply,
                               UtcTime now) {
  HR_TRY(check_contributor());
  HR_TRY(check_words(wanted.reason, wanted.decider));
  HR_ASSIGN(const Day date, day_of(wanted.date, now));
  if (wanted.review < policies::london_day(now))
    return bad_input("the review on " + policies::to_text(wanted.review) + " lies in the past",
                     "see --review");
  const auto key = import::ReferenceKey::copy_from(lineage_.store.reference_key().expose());
  store::WithholdDecision decision;
  HR_ASSIGN(decision.child_key, import::child_key_by_hand(key, reference));
  decision.reason = wanted.reason;
  decision.decider = wanted.decider;
  decision.decided_day = date.number;
  decision.review_day = wanted.review.number;
  HR_ASSIGN(const std::uint64_t number, lineage_.store.withheld().may_add(decision));
  HR_ASSIGN(const bool known, lineage_.store.children().has(decision.child_key));

  Work work;
  // Nothing of the child, nor of the reason: logs are read by others.
  work.note("withhold", {{"number", std::to_string(number)},
                         {"date", policies::to_text(date)},
                         {"review", policies::to_text(wanted.review)}});
  work.write([decision](store::LineageStore& s) -> Result<void> {
    HR_TRY(s.withheld().add(decision));
    return {};
  });
  json until;
  if (const auto day = traceable_until(lineage_.agreement, now)) until = policies::to_text(*day);
  work.then.push_back([reply = std::move(reply), id = lineage_.id(), number, known, date, until,
                       review = wanted.review](const Committed&) {
    reply.result({{"schema", "hedgerow/withheld/1"},
                  {"agreement", id.str()},
                  {"number", number},
                  {"date", policies::to_text(date)},
                  {"review", policies::to_text(review)},
                  {"traceable_until", until},
                  {"known", known}});
  });
  return work;
}

Result<Work> WithholdDesk::end(const WithholdEnded& wanted, Reply reply, UtcTime now) {
  HR_TRY(check_words(wanted.reason, wanted.decider));
  HR_ASSIGN(const Day date, day_of(wanted.date, now));
  const store::WithholdEnd end{wanted.reason, wanted.decider, date.number};
  HR_TRY(lineage_.store.withheld().may_end(wanted.number, end));
  Work work;
  work.note("withhold.ended",
            {{"number", std::to_string(wanted.number)}, {"date", policies::to_text(date)}});
  work.write([number = wanted.number, end](store::LineageStore& s) {
    return s.withheld().end(number, end);
  });
  work.then.push_back([reply = std::move(reply), id = lineage_.id(), number = wanted.number,
                       date](const Committed&) {
    reply.result({{"schema", "hedgerow/withhold-end/1"},
                  {"agreement", id.str()},
                  {"number", number},
                  {"date", policies::to_text(date)}});
  });
  return work;
}

Result<json> WithholdDesk::list(const WithholdList& wanted, UtcTime now) {
  HR_ASSIGN(const auto records, lineage_.store.withheld().list(wanted.with_ended, wanted.after,
                                                               store::kMaxWithheldListed));
  json decisions = json::array();
  for (const store::WithholdRecord& r : records) decisions.push_back(decision_json(r));
  return json{{"schema", "hedgerow/withhold-list/1"},
              {"agreement", lineage_.id().str()},
              {"today", policies::to_text(policies::london_day(now))},
              {"more", records.size() == store::kMaxWithheldListed},
              {"decisions", std::move(decisions)}};
}

Result<Work> WithholdDesk::set_duty(const DutySet& wanted, Reply reply) {
  HR_TRY(check_contributor());
  const store::DutyContact contact{wanted.contact, wanted.hours};
  HR_TRY(store::LineageStore::check(contact));
  const std::string lines = contact.contact + "\n" + contact.hours;
  const std::string hash = to_sha256_name(sha256(as_bytes(lines)));
  Work work;
  work.note("duty.contact", {{"hash", hash}});
  work.write([contact](store::LineageStore& s) { return s.set_duty_contact(contact); });
  work.then.push_back([reply = std::move(reply), id = lineage_.id(), hash](const Committed&) {
    reply.result({{"schema", "hedgerow/duty-set/1"}, {"agreement", id.str()}, {"hash", hash}});
  });
  return work;
}

Result<json> WithholdDesk::duty() {
  HR_ASSIGN(const ShownContact shown, shown_contact(lineage_));
  return json{{"schema", "hedgerow/duty/1"},
              {"agreement", lineage_.id().str()},
              {"contact", shown.words.contact},
              {"hours", shown.words.hours},
              {"own", shown.own}};
}

}  // namespace hedgerow::core
