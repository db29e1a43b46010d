#include "policies/agreement_lint.h"

#include <algorithm>
#include <set>

#include "policies/cells.h"
#include "policies/dimension.h"

namespace hedgerow::policies {
namespace {

std::string in_quotes(std::string_view text) { return "'" + std::string(text) + "'"; }

bool rests_on(const Party& party, std::string_view statute) {
  return std::any_of(party.lawful_basis.begin(), party.lawful_basis.end(),
                     [&](const std::string& basis) { return basis.starts_with(statute); });
}

class Lint {
 public:
  Lint(const Agreement& agreement, const CodeList& codes, const Marks& marks,
       Diagnostics& diagnostics)
      : a_(agreement), codes_(codes), marks_(marks), d_(diagnostics) {}

  void run() {
    head();
    for (std::size_t n = 0; n < a_.parties.size(); ++n) party(n);
    duplicates();
    hub();
    contributors_and_keyholders();
    mixers();
    for (std::size_t n = 0; n < a_.grants.size(); ++n) grant(n);
    tables_apart();
    lint_trace(a_, marks_, d_);
    purposes();
  }

 private:
  void error(const std::string& path, std::string text, std::string hint = {}) {
    d_.error(marks_.at(path), std::move(text), std::move(hint));
  }
  void warning(const std::string& path, std::string text, std::string hint = {}) {
    d_.warning(marks_.at(path), std::move(text), std::move(hint));
  }
  static std::string party_path(std::size_t n) { return "party." + std::to_string(n); }
  static std::string grant_path(std::size_t n) { return "grant." + std::to_string(n); }

  void head() {
    if (a_.valid_until < a_.valid_from)
      error("agreement.valid_until", "the agreement ends before it begins");
    if (a_.review_by < a_.valid_from || a_.valid_until < a_.review_by)
      warning("agreement.review_by", "the review is not due while the agreement is in force");
    if (a_.version == 1 && a_.supersedes)
      error("agreement.supersedes", "version 1 supersedes nothing");
    if (a_.version > 1 && !a_.supersedes)
      error("agreement.version", "a later version names the one it supersedes",
            "supersedes = \"sha256:...\"");
    if (a_.codes != codes_.hash())
      error("agreement.codes", "pins code lists that this version does not ship",
            codes_.version() + " is " + to_sha256_name(codes_.hash().view()));
  }

  void party(std::size_t n) {
    const Party& p = a_.parties[n];
    const std::string path = party_path(n);
    if (p.lawful_basis.empty())
      error(path + ".lawful_basis", in_quotes(p.id.str()) + " has no lawful basis");
    if (p.root.is_zero()) error(path + ".root", in_quotes(p.id.str()) + " has no root certificate");
    if (p.next_root && *p.next_root == p.root)
      error(path + ".next_root", "the next root is the present one");
    if (p.kind == PartyKind::voluntary && rests_on(p, "cda-1998"))
      error(path + ".lawful_basis",
            "section 115 of the Crime and Disorder Act does not reach voluntary bodies");
    if (rests_on(p, "uk-gdpr:9(2)(g)") && !rests_on(p, "dpa-2018:sch1"))
      warning(path + ".lawful_basis", "9(2)(g) needs a condition of Schedule 1",
              "dpa-2018:sch1:18, with an appropriate policy document");
    if (rests_on(p, "dpa-2018:sch1:18") && !p.references.contains("appropriate_policy_document"))
      warning(path + ".references", "names no appropriate policy document");
    for (const char* contact : {"dpo", "rights", "breach"})
      if (!p.contacts.contains(contact))
        warning(path + ".contacts", in_quotes(p.id.str()) + " names no contact for " + contact);
    if (p.signatories.empty()) warning(path, in_quotes(p.id.str()) + " names no signatory");
    areas(p, path);
  }

  void areas(const Party& p, const std::string& path) {
    for (const auto& area : p.areas) {
      if (codes_.area_kind(area)) continue;
      const auto now = codes_.resolve_district(area, a_.valid_from);
      const bool former = now.kind == DistrictResolution::Kind::current;
      error(
          path + ".areas", in_quotes(area) + " is not an area of the code list " + codes_.version(),
          former ? "it became " + now.code
                 : "districts (E06 to E09), counties (E10), police areas (E23), care boards (E54)");
    }
  }

  void duplicates() {
    std::map<std::string, std::size_t> by_id;
    std::map<std::string, std::size_t> by_root;
    for (std::size_t n = 0; n < a_.parties.size(); ++n) {
      const Party& p = a_.parties[n];
      if (!by_id.emplace(p.id.str(), n).second)
        error(party_path(n) + ".id", in_quotes(p.id.str()) + " is a party twice");
      if (!by_root.emplace(p.root.hex(), n).second)
        error(party_path(n) + ".root", "two parties have the same root certificate",
              "each agency's officer keeps a root of its own");
    }
  }

  void hub() {
    std::vector<std::size_t> hubs;
    for (std::size_t n = 0; n < a_.parties.size(); ++n)
      if (a_.parties[n].roles.hub) hubs.push_back(n);
    if (hubs.size() != 1 || a_.parties[hubs[0]].id != a_.hub) {
      error("agreement.hub", "exactly one party has the role hub, and it is the one named here");
      return;
    }
    const Party& hub = a_.parties[hubs[0]];
    if (hub.roles.contributor || hub.roles.mixer)
      error(party_path(hubs[0]) + ".roles", "the hub is neither contributor nor mixer",
            "it sees regional totals, so it may hold no records");
    for (std::size_t n = 0; n < a_.parties.size(); ++n) {
      const Party& p = a_.parties[n];
      if (n == hubs[0] || p.organisation != hub.organisation) continue;
      if (p.roles.contributor || p.roles.mixer)
        error(party_path(n) + ".organisation",
              in_quotes(p.id.str()) + " is of the hub's own organisation",
              "the hub is judged by organisation, not by node");
    }
  }

  void contributors_and_keyholders() {
    const std::size_t contributors = a_.contributors().size();
    if (contributors < kMinContributors)
      error("agreement", "fewer than " + std::to_string(kMinContributors) + " contributors",
            "with two, each could subtract its own part and see the other's");
    const std::size_t keyholders = a_.keyholders().size();
    const std::size_t threshold = a_.pseudonyms.threshold;
    if (threshold < 2)
      error("pseudonyms.threshold", "at least two keyholders must answer",
            "one that is stolen could otherwise turn every pseudonym back");
    if (threshold + 1 > keyholders)
      error(
          "pseudonyms.threshold",
          "above the number of keyholders less one (" + std::to_string(keyholders) + " keyholders)",
          "the requester is never among those that answer");
  }

  void mixers() {
    std::map<std::string, std::size_t> organisations;
    for (std::size_t n = 0; n < a_.parties.size(); ++n) {
      const Party& p = a_.parties[n];
      if (p.roles.mixer && !organisations.emplace(p.organisation, n).second)
        error(party_path(n) + ".roles", "two mixers of one organisation");
    }
    const bool linked = std::any_of(a_.grants.begin(), a_.grants.end(), [](const Grant& g) {
      return std::any_of(g.tables.begin(), g.tables.end(),
                         [](const Table& t) { return is_linked(t.question); });
    });
    for (std::size_t n = 0; !linked && n < a_.parties.size(); ++n)
      if (a_.parties[n].roles.mixer)
        warning(party_path(n) + ".roles",
                in_quotes(a_.parties[n].id.str()) + " is a mixer, and there is no linked table",
                "mixers are for tables of places, overlap and repeat-missing");
  }

  void grant(std::size_t n) {
    const Grant& g = a_.grants[n];
    const std::string path = grant_path(n);
    for (std::size_t m = 0; m < n; ++m)
      if (a_.grants[m].id == g.id) error(path + ".id", in_quotes(g.id) + " is a grant twice");
    if (a_.purpose(g.purpose) == nullptr)
      error(path + ".purpose", "there is no purpose " + in_quotes(g.purpose));
    if (g.askers.empty()) error(path + ".askers", "nobody may ask");
    for (const auto& asker : g.askers) {
      if (asker.urn.empty() ? asker.role != "analyst"
                            : !is_of_a_party(a_, asker.urn, CertificateKind::analyst))
        error(path + ".askers",
              in_quotes(asker.urn.empty() ? "role:" + asker.role : asker.urn) + " cannot ask",
              "role:analyst, or urn:hedgerow:<party>:analyst:<name>");
    }
    if (is_longer(g.history, a_.retention_records))
      error(path + ".history", "reaches back further than records are retained",
            "retention.records is " + to_text(a_.retention_records));
    disclosure(g, path);
    tables(g, path);
  }

  void disclosure(const Grant& g, const std::string& path) {
    const DisclosureRule& rule = g.disclosure;
    if (rule.min_agencies > a_.contributors().size())
      error(path + ".disclosure.min_agencies", "above the number of contributors",
            "no cell could ever be released");
    if (rule.round_to > 2 * rule.min_children)
      error(path + ".disclosure.round_to", "more than twice min_children",
            "a released figure could be rounded to nothing");
    if (rule.min_children < 5)
      warning(path + ".disclosure.min_children", "below what is usual for small numbers",
              "8 is the default");
  }

  void tables(const Grant& g, const std::string& path) {
    if (g.tables.empty()) error(path, "grant " + in_quotes(g.id) + " lists no table");
    if (g.tables.size() > 1)
      error(path + ".table.1",
            "one table a grant: tables cannot yet be audited against one another");
    std::size_t cells = 0;
    for (std::size_t m = 0; m < g.tables.size(); ++m) {
      const Table& t = g.tables[m];
      const std::string table_path = path + ".table." + std::to_string(m);
      if (is_linked(t.question)) linked(g, t, table_path);
      if (!dimensions(t, table_path + ".by")) continue;
      const auto space = CellSpace::make(a_, t, codes_);
      if (space.ok()) {
        cells += space->size();
      } else {
        error(table_path, space.error().text, space.error().hint);
      }
    }
    if (cells > kMaxCellsPerGrant)
      error(path, "more than " + std::to_string(kMaxCellsPerGrant) + " cells in one grant");
  }

  bool dimensions(const Table& t, const std::string& path) {
    const std::set<std::string> distinct(t.by.begin(), t.by.end());
    switch (t.question) {
      case QuestionKind::flows:
        if (t.by.size() == 2 && distinct == std::set<std::string>{"destination", "origin"})
          return true;
        error(path, "flows are by origin and destination, neither more nor less",
              "by = [\"origin\", \"destination\"]");
        return false;
      case QuestionKind::counts:
        return count_dimensions(t, distinct, path);
      case QuestionKind::places:
        if (!t.by.empty() && std::all_of(t.by.begin(), t.by.end(), is_dimension_of_places))
          return true;
        error(path, "places are by destination, place_type, or both",
              "by = [\"destination\", \"place_type\"]");
        return false;
      case QuestionKind::overlap:
        if (t.by.empty() || t.by_agency()) return true;
        error(path, "overlap is by nothing, or by agency: figures for each pair of agencies",
              "by = [], or by = [\"agency\"]");
        return false;
      case QuestionKind::repeat_missing:
        if (t.by.empty()) return true;
        error(path, "repeat-missing is one figure for the region, by nothing", "by = []");
        return false;
    }
    return false;
  }

  // What a link needs (docs/design/link.md), and what the window of repeat-missing may be.
  void linked(const Grant& g, const Table& t, const std::string& path) {
    HR_CHECK(t.link.has_value());
    const LinkBounds& b = *t.link;
    const std::size_t mixers = a_.mixers().size();
    if (mixers < kMinMixers || mixers > kMaxMixers)
      error(path + ".question",
            "a linked table needs " + std::to_string(kMinMixers) + " to " +
                std::to_string(kMaxMixers) + " mixers, and there are " + std::to_string(mixers),
            "roles = [..., \"mixer\"], of different organisations, none the hub's");
    const std::size_t most =
        kMaxLinkEntriesTogether / std::max<std::size_t>(1, a_.contributors().size());
    if (b.entries > most)
      error(path + ".entries",
            "more than " + std::to_string(kMaxLinkEntriesTogether) +
                " entries of all contributors together",
            "at most " + std::to_string(most) + " with " +
                std::to_string(a_.contributors().size()) + " contributors");
    if (g.disclosure.round_to == 1)
      warning(path + ".question", "figures of a linked table that are not rounded",
              "an agency could take its own children off a figure, and see how many others "
              "know besides");
    if (t.question != QuestionKind::places && g.disclosure.true_zero)
      warning(path + ".question", "true_zero shows cells of places only",
              "a figure of " + std::string(to_text(t.question)) + " is never shown as zero");
    if (t.question == QuestionKind::repeat_missing) repeat_missing(g, t, path);
  }

  void repeat_missing(const Grant& g, const Table& t, const std::string& path) {
    const LinkBounds& b = *t.link;
    const auto events = t.where.find("event");
    const auto is_absence = [](const std::string& code) {
      return code == "missing" || code == "away-without-authorisation";
    };
    if (events == t.where.end() ||
        !std::all_of(events->second.begin(), events->second.end(), is_absence))
      error(path + ".where", "repeat-missing counts missing episodes, and this admits other rows",
            "where = { event = [\"missing\"] }, or with \"away-without-authorisation\"");
    if (b.episodes_per_child < b.times)
      error(path + ".episodes_per_child", "below times, so that no agency could show it alone",
            "at least " + std::to_string(b.times));
    if (b.within_days > shortest_days(g.period))
      error(path + ".within",
            "longer than the shortest " + to_text(g.period) +
                ", so that two periods would share "
                "rows",
            "at most P" + std::to_string(shortest_days(g.period)) + "D");
  }

  static bool is_dimension_of_places(const std::string& name) {
    return name == "destination" || name == "place_type";
  }

  static std::uint32_t shortest_days(PeriodKind kind) {
    switch (kind) {
      case PeriodKind::month:
        return 28;
      case PeriodKind::quarter:
        return 90;
      case PeriodKind::year:
      case PeriodKind::financial_year:
        return 365;
    }
    return 0;
  }

  bool count_dimensions(const Table& t, const std::set<std::string>& distinct,
                        const std::string& path) {
    for (const auto& name : t.by) {
      if (is_dimension(name)) continue;
      const bool factors = name == "factors" || name == "factor";
      error(path,
            factors ? "counts are not by factors: a row may carry several of them"
                    : in_quotes(name) + " is not a dimension",
            "one to three of " + std::string(dimension_names()));
      return false;
    }
    if (distinct.size() == t.by.size() && !t.by.empty() && t.by.size() <= kMaxCountDimensions)
      return true;
    error(path, "counts are by one to three dimensions, each named once");
    return false;
  }

  // disclosure.md, rule 6, until its audit exists: no two tables in which one row can count, across
  // all grants, and one place level. Measures apart do not help: of one child's rows, reports bound
  // children from above, and children reports from below.
  void tables_apart() {
    struct Place {
      std::size_t grant, table;
    };
    std::vector<Place> places;
    for (std::size_t n = 0; n < a_.grants.size(); ++n)
      for (std::size_t m = 0; m < a_.grants[n].tables.size(); ++m) places.push_back({n, m});
    for (std::size_t j = 1; j < places.size(); ++j) {
      for (std::size_t i = 0; i < j; ++i) {
        const Table& a = a_.grants[places[i].grant].tables[places[i].table];
        const Table& b = a_.grants[places[j].grant].tables[places[j].table];
        const std::string path =
            grant_path(places[j].grant) + ".table." + std::to_string(places[j].table);
        if (a.has_place() && b.has_place() && a.place_level != b.place_level)
          error(path + ".place_level", "another place level than table " + in_quotes(a.name),
                "one place level, until tables can be audited against one another");
        if (!can_share_a_row(a, b)) continue;
        error(path, "a row can count here and in table " + in_quotes(a.name),
              a.measure == b.measure ? "the difference of the two could show a small number"
                                     : "one bounds the other, whatever they measure");
        if (a_.grants[places[i].grant].disclosure != a_.grants[places[j].grant].disclosure)
          error(grant_path(places[j].grant) + ".disclosure",
                "a row can count here and in table " + in_quotes(a.name) +
                    ", which has another disclosure rule",
                "the weaker of the two would undo the stronger");
      }
    }
  }

  void purposes() {
    for (const auto& p : a_.purposes) {
      const bool used = (a_.trace && a_.trace->purpose == p.id) ||
                        std::any_of(a_.grants.begin(), a_.grants.end(),
                                    [&](const Grant& g) { return g.purpose == p.id; });
      if (!used) warning("purpose." + p.id, "nothing is granted for purpose " + in_quotes(p.id));
    }
  }

  const Agreement& a_;
  const CodeList& codes_;
  const Marks& marks_;
  Diagnostics& d_;
};

}  // namespace

Mark Marks::at(std::string path) const {
  for (;;) {
    const auto found = marks_.find(path);
    if (found != marks_.end()) return found->second;
    const std::size_t dot = path.rfind('.');
    if (dot == std::string::npos) return {1, 1};
    path.resize(dot);
  }
}

bool is_of_a_party(const Agreement& agreement, std::string_view urn, CertificateKind kind) {
  const auto subject = Subject::parse_urn(urn);
  return subject.ok() && subject->kind == kind && agreement.party(subject->agency) != nullptr;
}

bool can_share_a_row(const Table& a, const Table& b) {
  return std::all_of(a.where.begin(), a.where.end(), [&](const auto& filter) {
    return std::any_of(filter.second.begin(), filter.second.end(),
                       [&](const std::string& code) { return b.admits(filter.first, code); });
  });
}

std::vector<Diagnostic> lint_together(const Agreement& first, const Agreement& second) {
  std::vector<Diagnostic> found;
  const Party* hub = first.party(first.hub);
  const Party* other_hub = second.party(second.hub);
  HR_CHECK(hub != nullptr && other_hub != nullptr);
  if (first.id == second.id || hub->organisation == other_hub->organisation) return found;
  for (const Party& p : second.parties) {
    const bool in_both =
        p.roles.contributor &&
        std::any_of(first.parties.begin(), first.parties.end(), [&](const Party& q) {
          return q.roles.contributor && (q.id == p.id || q.organisation == p.organisation);
        });
    if (in_both)
      found.push_back(
          {Severity::error, p.line, 1,
           in_quotes(p.id.str()) + " contributes its records in " + first.id.str() +
               " too, under another hub",
           "two hubs release figures of the same records without knowing of each other"});
  }
  return found;
}

void lint_agreement(const Agreement& agreement, const CodeList& codes, const Marks& marks,
                    Diagnostics& diagnostics) {
  Lint(agreement, codes, marks, diagnostics).run();
}

}  // namespace hedgerow::policies
