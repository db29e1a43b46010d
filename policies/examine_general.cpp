#include "policies/examine_general.h"

#include <algorithm>

namespace hedgerow::policies {
namespace {

// The tests that concern no grant.
class GeneralTests {
 public:
  GeneralTests(const Agreement& agreement, const GeneralContext& context)
      : a_(agreement), c_(context) {}

  std::vector<Finding> run() const {
    return {names_agreement(), local_party(), state(), begun(),        ended(),
            ready(),           asker_party(), home(),  purpose_known()};
  }

 private:
  Finding names_agreement() const {
    const auto line = a_.line_of("agreement.id");
    if (c_.agreement != a_.id)
      return failed(Condition::agreement, line, DenyReason::other_agreement,
                    "it is asked under another agreement");
    return passed(Condition::agreement, line, "asked under " + a_.id.str());
  }

  Finding local_party() const {
    const Party* party = a_.party(c_.local);
    if (party == nullptr)
      return failed(Condition::local_party, 0, DenyReason::local_not_a_party,
                    "this node's agency is not a party");
    return passed(Condition::local_party, party->line, c_.local.str() + " decides, a party");
  }

  Finding state() const {
    switch (c_.state) {
      case LineageState::in_force:
      case LineageState::installed:
        break;  // `ready` tells them apart, after the dates, which no waiting mends
      case LineageState::paused:
        return failed(Condition::state, 0, DenyReason::paused, "the agreement is paused");
      case LineageState::superseded:
        return failed(Condition::state, 0, DenyReason::superseded,
                      "a later version has superseded the agreement");
      case LineageState::withdrawn:
        return failed(Condition::state, 0, DenyReason::withdrawn,
                      "the agreement has been withdrawn from");
    }
    return passed(Condition::state, 0, "neither paused, superseded nor withdrawn");
  }

  Finding begun() const {
    const auto line = a_.line_of("agreement.valid_from");
    if (c_.now < london_midnight(a_.valid_from))
      return failed(Condition::begun, line, DenyReason::not_yet_in_force,
                    "the agreement is not in force before " + to_text(a_.valid_from));
    return passed(Condition::begun, line, "in force from " + to_text(a_.valid_from));
  }

  Finding ended() const {
    const auto line = a_.line_of("agreement.valid_until");
    // Before its first day it is not in force either, but that is the other test's to say.
    if (!a_.in_force(c_.now) && c_.now >= london_midnight(a_.valid_from))
      return failed(Condition::ended, line, DenyReason::expired,
                    "the agreement expired on " + to_text(a_.valid_until));
    return passed(Condition::ended, line, "in force until " + to_text(a_.valid_until));
  }

  Finding ready() const {
    if (c_.state == LineageState::in_force)
      return passed(Condition::ready, 0, "installed at every party, with its key");
    return failed(Condition::ready, 0, DenyReason::not_ready,
                  "the agreement is not yet ready at every party",
                  "every party installs it, then the keyholders make its key", Code::try_again);
  }

  Finding asker_party() const {
    const Party* party = a_.party(c_.asker.agency);
    if (party == nullptr)
      return failed(Condition::asker_party, 0, DenyReason::asker_not_a_party,
                    "the asker's agency is not a party");
    return passed(Condition::asker_party, party->line, c_.asker.agency.str() + " is a party");
  }

  Finding home() const {
    if (c_.home != c_.asker.agency)
      return failed(Condition::home, 0, DenyReason::wrong_home,
                    "it comes through another agency than the asker's own");
    return passed(Condition::home, 0, "asked through the asker's own agency");
  }

  Finding purpose_known() const {
    const Purpose* purpose = a_.purpose(c_.purpose);
    if (purpose == nullptr)
      return failed(Condition::purpose_known, 0, DenyReason::unknown_purpose,
                    "the agreement has no such purpose");
    return passed(Condition::purpose_known, purpose->line, purpose->description);
  }

  const Agreement& a_;
  const GeneralContext& c_;
};

}  // namespace

std::string text_of(const Asker& asker) {
  return asker.urn.empty() ? "role:" + asker.role : asker.urn;
}

bool names(const Asker& entry, const AskerIdentity& asker) {
  if (!entry.urn.empty()) return entry.urn == asker.urn;
  return !entry.role.empty() && entry.role == asker.role;
}

Finding passed(Condition condition, std::uint32_t line, std::string text) {
  return {condition, Outcome::passed, line, std::move(text)};
}

Finding failed(Condition condition, std::uint32_t line, DenyReason reason, std::string text,
               std::string hint, Code code) {
  return {condition, Outcome::failed, line, text, {reason, code, text, std::move(hint)}};
}

const Finding* first_failure_in(const std::vector<Finding>& findings) {
  const auto found = std::find_if(findings.begin(), findings.end(),
                                  [](const Finding& f) { return f.outcome != Outcome::passed; });
  return found == findings.end() ? nullptr : &*found;
}

std::vector<Finding> examine_general(const Agreement& agreement, const GeneralContext& context) {
  return GeneralTests(agreement, context).run();
}

}  // namespace hedgerow::policies
