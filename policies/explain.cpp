#include "policies/explain.h"

#include <algorithm>

#include "policies/cells.h"
#include "policies/disclosure.h"
#include "policies/match_rate.h"

namespace hedgerow::policies {
namespace {

std::string listed(const std::vector<std::string>& words, std::string_view last = "and") {
  std::string text;
  for (std::size_t n = 0; n < words.size(); ++n) {
    if (n > 0) text += n + 1 == words.size() ? " " + std::string(last) + " " : ", ";
    text += words[n];
  }
  return text;
}

template <class T>
std::vector<std::string> texts_of(const std::vector<T>& ids) {
  std::vector<std::string> texts;
  for (const auto& id : ids) texts.push_back(id.str());
  return texts;
}

std::string counted(std::size_t n, std::string_view one) {
  return std::to_string(n) + " " + std::string(one) + (n == 1 ? "" : "s");
}

class Explanation {
 public:
  Explanation(const Agreement& agreement, const CodeList& codes) : a_(agreement), codes_(codes) {}

  std::vector<ExplainedPart> run() {
    head();
    for (const Party& p : a_.parties) party(p);
    pseudonyms();
    for (std::size_t n = 0; n < a_.grants.size(); ++n) grant(n);
    if (a_.trace) trace(*a_.trace);
    leaves();
    learns();
    kept();
    return std::move(parts_);
  }

 private:
  void part(std::string id, std::string title) { parts_.push_back({std::move(id), title, {}}); }
  void fact(std::uint32_t line, std::string text) {
    parts_.back().facts.push_back({line, std::move(text)});
  }
  void fact(std::string text) { fact(0, std::move(text)); }

  void head() {
    part("agreement", a_.title);
    const auto line = [&](const char* key) { return a_.line_of(std::string("agreement.") + key); };
    fact(line("id"), a_.id.str() + ", version " + std::to_string(a_.version) + ".");
    if (a_.supersedes)
      fact(line("supersedes"), "It supersedes " + to_sha256_name(a_.supersedes->view()) + ".");
    fact(line("valid_from"), "In force from " + to_text(a_.valid_from) + " to " +
                                 to_text(a_.valid_until) + ", both days included, once every " +
                                 "party has signed it. Review due by " + to_text(a_.review_by) +
                                 ".");
    fact(line("codes"), "Areas and other codes are those of the list " + codes_.version() + ".");
  }

  void party(const Party& p) {
    part("party." + p.id.str(), "Party " + p.id.str() + ": " + p.name);
    fact(p.line, std::string("Kind ") + std::string(to_text(p.kind)) + ", of the organisation " +
                     p.organisation + ".");
    const Roles& r = p.roles;
    if (r.hub)
      fact(p.line,
           "Hub: it coordinates and relays, applies the disclosure rule, and holds no "
           "records under this agreement.");
    if (r.contributor)
      fact(p.line,
           "Contributor: it holds records; its figures enter the sums, its records never "
           "leave it.");
    if (r.keyholder)
      fact(p.line,
           "Keyholder: it holds one share of the pseudonym key and answers other parties' "
           "requests, within the quotas.");
    if (r.mixer)
      fact(p.line,
           "Mixer: for linked tables it evaluates blinded points that it cannot read, then takes "
           "a layer of encryption off all agencies' entries and shuffles them, so that nobody "
           "can tell whose an entry was. It learns no identity and no figure.");
    if (r.scrutineer) fact(p.line, "Scrutineer: it may read logs and proofs; it holds no data.");
    if (!p.areas.empty()) {
      std::vector<std::string> names;
      for (const auto& area : p.areas)
        names.push_back(std::string(place_name(codes_, area)) + " (" + area + ")");
      fact(p.line, "Areas: " + listed(names) + ".");
    }
    fact(p.line, "Lawful basis it states: " + listed(p.lawful_basis) + ".");
    std::vector<std::string> people;
    for (const auto& s : p.signatories) people.push_back(s.name + ", " + s.post);
    if (!people.empty()) fact(p.line, "Signatories: " + listed(people) + ".");
    for (const auto& [what, whom] : p.contacts) fact(p.line, "Contact (" + what + "): " + whom);
    for (const auto& [what, where] : p.references)
      fact(p.line, "Reference (" + what + "): " + where);
  }

  void pseudonyms() {
    part("pseudonyms", "What data, and how children are named");
    const Pseudonyms& p = a_.pseudonyms;
    const auto line = [&](const char* key) { return a_.line_of(std::string("pseudonyms.") + key); };
    fact(
        "Contributors hold movements: event, dates, districts of origin and destination, place "
        "type, age band, sex, care status, risks, factors. No names, addresses, dates of birth or "
        "numbers are kept readably.");
    fact(line("identifier"),
         "A child's NHS number becomes a pseudonym in memory, during the import, and is dropped. "
         "Rows without one take part in sums only.");
    fact(line("threshold"),
         "No party can make or turn back a pseudonym alone: " + std::to_string(p.threshold) +
             " of the " + counted(a_.keyholders().size(), "keyholder") +
             " must answer, never counting the one that asks.");
    fact(line("import_quota"), "Each keyholder answers for at most " +
                                   std::to_string(p.import_quota) +
                                   " children of a party over the agreement's life, then at most " +
                                   std::to_string(p.daily_quota) + " a day.");
  }

  void grant(std::size_t n) {
    const Grant& g = a_.grants[n];
    const std::string path = "grant." + std::to_string(n);
    const auto line = [&](const char* key) {
      const auto found = a_.line_of(path + "." + key);
      return found == 0 ? g.line : found;
    };
    part("grant." + g.id, "Grant " + g.id + ": who may ask what");
    const Purpose* purpose = a_.purpose(g.purpose);
    fact(line("purpose"), "Purpose " + g.purpose + ": " +
                              (purpose == nullptr ? std::string() : purpose->description) + ".");
    fact(line("askers"), "May ask: " + people(g.askers, "a party") + ". Nobody else.");
    for (std::size_t m = 0; m < g.tables.size(); ++m)
      table(g.tables[m], path + ".table." + std::to_string(m));
    fact(line("period"), "Figures are for whole periods, each " + to_text(g.period) + ".");
    fact(line("settle"), "A period is settled " + counted(g.settle_days, "day") +
                             " after its end, then frozen, and computed once: what is recorded "
                             "later never enters it.");
    fact(line("history"),
         "Periods that began more than " + in_words(g.history) + " ago are refused.");
    fact(line("reason"), "Each question gives a reason, which goes on every party's log.");
    const DisclosureRule& rule = g.disclosure;
    for (const Table& t : g.tables) fact(line("disclosure"), rule_in_words(t, rule, rule));
    fact(line("disclosure"), "Its parameters: min_children " + std::to_string(rule.min_children) +
                                 ", min_agencies " + std::to_string(rule.min_agencies) +
                                 ", round_to " + std::to_string(rule.round_to) + ", true_zero " +
                                 (rule.true_zero ? "true" : "false") +
                                 ". A contributor's own officer may make them stricter.");
  }

  static std::string people(const std::vector<Asker>& entries, std::string_view whose) {
    std::vector<std::string> texts;
    for (const auto& entry : entries)
      texts.push_back(entry.urn.empty() ? "any " + entry.role + " of " + std::string(whose)
                                        : entry.urn);
    return listed(texts, "or");
  }

  void trace(const TraceGrant& g) {
    const auto line = [&](const char* key) { return a_.line_of(std::string("trace.") + key); };
    part("grant." + g.id, "Grant " + g.id + ": who may trace one child");
    const Purpose* purpose = a_.purpose(g.purpose);
    fact(line("purpose"), "Purpose " + g.purpose + ": " +
                              (purpose == nullptr ? std::string() : purpose->description) + ".");
    fact(g.table_line,
         "A trace says of one child which agencies to ring: from each other contributor its duty "
         "contact, or nothing to share. It counts nothing.");
    fact(line("askers"), "May ask: " + people(g.askers, "a contributor") +
                             ". Nobody else, and nobody for "
                             "another agency.");
    fact(line("approvers"),
         "Each trace is approved by another person of the same agency before it is made: " +
             people(g.approvers, "a contributor") +
             ". The approver is shown who asks, purpose, legal basis and reason, not the child's "
             "number.");
    fact(line("legal_bases"),
         "Each names one legal basis, which the asker's agency states as its "
         "own: " +
             listed(g.legal_bases, "or") + ".");
    if (const auto none = without_basis(g); !none.empty())
      fact(line("legal_bases"),
           "None of these is stated by " + listed(none) + ": no traces from there.");
    fact(line("reason"), "Each gives a reason, which goes on every party's log.");
    fact(line("history"), "An agency answers for children with a record that began in the last " +
                              in_words(g.history) + ".");
    fact(line("table.0.daily_quota"),
         "Quotas: each other contributor answers at most " + counted(g.daily_quota, "trace") +
             " of one agency a day, and at most " + std::to_string(g.practitioner_quota) +
             " of one practitioner. They, the second person and the logs are what holds back an "
             "agency that traces children without need.");
    fact(
        "Never told: what an agency holds about a child, or since when; whether nothing to share "
        "means that it does not know the child or has decided to withhold it. No other agency is "
        "told the child's number or name, or what the trace found.");
    fact(
        line("history"),
        "What an agency shares is as of the day's beginning: what is recorded, withheld or changed "
        "during a day shows from the next.");
  }

  std::vector<std::string> without_basis(const TraceGrant& g) const {
    std::vector<std::string> ids;
    for (const Party& p : a_.parties) {
      const bool states =
          std::any_of(p.lawful_basis.begin(), p.lawful_basis.end(), [&](const std::string& basis) {
            return std::find(g.legal_bases.begin(), g.legal_bases.end(), basis) !=
                   g.legal_bases.end();
          });
      if (p.roles.contributor && !states) ids.push_back(p.id.str());
    }
    return ids;
  }

  void table(const Table& t, const std::string& path) {
    const auto line = [&](const char* key) {
      const auto found = a_.line_of(path + "." + key);
      return found == 0 ? t.line : found;
    };
    fact(t.line, "Table " + t.name + ": " + std::string(to_text(t.question)) +
                     (t.by.empty() ? "" : " by " + listed(t.by)) + ".");
    if (t.has_place())
      fact(line("place_level"), "Places are told apart down to the " +
                                    std::string(to_text(t.place_level)) + ", no further.");
    std::string where;
    for (const auto& [dimension, codes] : t.where)
      where += (where.empty() ? "" : "; ") + dimension + " " + listed(codes, "or");
    fact(line("where"),
         where.empty() ? "Every row counts." : "Only rows with " + where + " count.");
    if (t.link)
      linked(t, line);
    else
      fact(line("measure"), t.measure == Measure::reports
                                ? "Counted are reports: what two agencies report counts twice."
                                : "Counted are children, once by each agency that knows them.");
    const auto space = CellSpace::make(a_, t, codes_);
    if (space.ok()) fact(t.line, counted(space->size(), "cell") + " a period.");
  }

  template <class Line>
  void linked(const Table& t, const Line& line) {
    const LinkBounds& b = *t.link;
    fact(line("measure"),
         "Counted are distinct children across agencies: one whom three agencies know is one "
         "child. Rows of children without an NHS number are left out.");
    if (t.question == QuestionKind::overlap)
      fact(line("by"), t.by_agency()
                           ? "The figures: for each two agencies, how many children both know."
                           : "The figures: how many children at least one agency knows, at "
                             "least two, and so on.");
    if (t.question == QuestionKind::repeat_missing)
      fact(line("times"), "The figure: children with at least " + std::to_string(b.times) +
                              " episodes in the last " + counted(b.within_days, "day") +
                              " of the period, whichever agencies reported them. Episodes are "
                              "told apart by the day they began: one that two agencies date "
                              "differently counts twice.");
    fact(line("entries"), "Every contributor sends exactly " + std::to_string(b.entries) +
                              " entries a period, however many children it knows; what is beyond "
                              "that number is left out.");
    if (t.question == QuestionKind::places)
      fact(line("cells_per_child"), "Of one child an agency enters at most " +
                                        counted(b.cells_per_child, "cell") +
                                        "; more are left out.");
    if (t.question == QuestionKind::repeat_missing)
      fact(line("episodes_per_child"), "Of one child an agency enters at most " +
                                           counted(b.episodes_per_child, "episode") +
                                           "; more are left out.");
  }

  std::vector<const Table*> linked_tables() const {
    std::vector<const Table*> tables;
    for (const Grant& g : a_.grants)
      for (const Table& t : g.tables)
        if (t.link) tables.push_back(&t);
    return tables;
  }

  void leaves() {
    part("leaves", "What leaves an agency");
    fact(
        "No record and no pseudonym. For each cell of a released table a contributor sends four "
        "numbers (the figure, its children, and whether these are enough or too few), masked: only "
        "all contributors' numbers together give sums, and only the hub can add them up.");
    fact(
        "With a released table, its match rate: for which share of what it counted there it knows "
        "the child's NHS number, as one of four bands (under 50 %, 50-80 %, 80-95 %, 95 % and "
        "over), signed by it. It states none where it counted fewer distinct children than " +
        std::to_string(kMatchRateFloor) + " times min_children.");
    if (!linked_tables().empty())
      fact(
          "For a linked table, besides: the fixed number of blinded points to the mixers, and of "
          "entries to the first of them, each the same size, empty ones among them, in a layer of "
          "encryption for each mixer and one for the hub. An entry names a child only by a token "
          "that is made for that one release, by all mixers together, and serves for nothing "
          "else.");
    fact("For pseudonyms: blinded numbers to keyholders, which they cannot read, and theirs back.");
    fact("Questions with asker and reason, and what a node decides about them.");
    if (a_.trace)
      fact(a_.trace->line,
           "For traces, each day from each contributor a directory of records of one size, random "
           "ones among them up to the next fixed number: which of them stand for a child nobody "
           "can tell without an answer to a trace of that very child. And for each trace to each "
           "of them one blinded point, which it cannot read, and one back, made in the same way "
           "whether it knows the child or not.");
  }

  void learns() {
    part("learns", "What each party learns");
    fact(a_.line_of("agreement.hub"),
         "The hub, " + a_.hub.str() +
             ": every question, asker and reason; the region's sums in every cell, small ones "
             "included, in memory only; never one agency's figures, as long as two contributors "
             "at least do not work with it.");
    for (const Table* t : linked_tables()) fact(t->line, of_a_linked_table(*t));
    if (!linked_tables().empty())
      fact("Mixers (" + listed(texts_of(a_.mixers())) +
           "), in this order: that a linked table is computed, and who takes part; not whose an "
           "entry is, and no figure, as long as one of them at least does not work with the "
           "others.");
    fact("Keyholders (" + listed(texts_of(a_.keyholders())) +
         "): which party asked for pseudonyms, when and for how many children; not for whom.");
    fact("Contributors (" + listed(texts_of(a_.contributors())) +
         "): every question, asker and reason, and a fingerprint of the answer; not the figures, "
         "and nothing of each other's records.");
    fact(
        "The hub, the asker and the asker's agency: each contributor's match rate, a band about "
        "that one agency, or that it states none; and which contributors took part.");
    fact(
        "The asker and the asker's agency: the answer, after the disclosure rule. A contributor "
        "that asks can take its own part off a figure; of sums, the rule is made so that another "
        "agency at or above the floor is left, or nothing.");
    if (a_.trace)
      fact(
          a_.trace->line,
          "Every party, of a trace: which agency made one, who asked, who approved, purpose, legal "
          "basis and reason; and of each contributor, below which of a few fixed numbers that of "
          "the children it shares lies. Only the asker and the asker's agency: for each other "
          "contributor, a duty contact or nothing to share. The contributors that answer: not for "
          "whom it was, and not whether they knew the child.");
    if (!linked_tables().empty())
      fact(
          "Of a linked table a contributor that asks may be left with fewer: the children that "
          "only others know can be few although each agency knows many. Rounding alone hides "
          "them.");
  }

  static std::string of_a_linked_table(const Table& t) {
    const std::string learns = "The hub, from linked table " + t.name + ", in memory only: ";
    if (t.by_agency())
      return learns +
             "for every combination of agencies how many children exactly these know, small "
             "numbers included; of no child which one it is.";
    if (t.question == QuestionKind::repeat_missing)
      return learns +
             "how many children have one episode, two, and so on, small numbers included; neither "
             "which children, nor which agencies know them.";
    return learns + "how many children one agency knows, two, and so on" +
           (t.question == QuestionKind::places ? ", in every cell" : "") +
           ", small numbers included; neither which children, nor which agencies.";
  }

  void kept() {
    part("kept", "How long things are kept");
    fact(a_.line_of("retention.records"),
         "Records: " + in_words(a_.retention_records) +
             ". Rows older than that are neither stored nor pseudonymised when imported.");
    fact(a_.line_of("retention.log"), "Logs: " + in_words(a_.retention_log) + ".");
    fact("Released figures are frozen: they repeat, and are never computed again.");
    if (a_.trace)
      fact(
          a_.trace->line,
          "What a trace found: seven days at the asker's node, then wiped. A contributor's key for "
          "one day's traces is erased two days later.");
  }

  const Agreement& a_;
  const CodeList& codes_;
  std::vector<ExplainedPart> parts_;
};

}  // namespace

std::string in_words(const Duration& d) {
  std::vector<std::string> words;
  if (d.months > 0 && d.months % 12 == 0)
    words.push_back(counted(d.months / 12, "year"));
  else if (d.months > 0)
    words.push_back(counted(d.months, "month"));
  if (d.days > 0) words.push_back(counted(d.days, "day"));
  return listed(words);
}

std::vector<ExplainedPart> explain(const Agreement& agreement, const CodeList& codes) {
  return Explanation(agreement, codes).run();
}

}  // namespace hedgerow::policies
