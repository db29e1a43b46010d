// What a hand on the files of a node can do (measure 3): every byte flipped, every prefix cut, an
// older copy of each file, and of files together, put back. In each case the node must refuse, or
// open with the content it had. Two things no node can see by itself (docs/design/faults.md), which
// are counted apart: database, log and confirmed state, all of one older moment; and database and
// confirmed state of before the last transaction, which is what a power cut in it leaves.
//
//   tamper_sweep [--step N] [--seed S] [--jobs N] [--traces yes]   exits 1 where a case is neither
//
// --traces yes: of a node that grants traces and has emptied its write-ahead log several times.
// --step N: every Nth byte and prefix of the databases and their logs, from a place that the seed
// chooses (default 1: all). Small files are swept whole in any case.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <optional>
#include <sstream>
#include <string>

#include "crypto/hash.h"
#include "crypto/random.h"
#include "tests/faults/home.h"

namespace hedgerow::faults {
namespace {

constexpr std::size_t kSmall = 600;  // bytes; keys and configuration
constexpr std::uint64_t kLookAt = 4096;

struct Plan {
  std::size_t step = 1;
  std::uint64_t seed = 1;
  std::size_t jobs = 1;
  bool traces = false;
};

struct Count {
  std::uint64_t cases = 0, refused = 0, identical = 0, old_whole = 0, abandoned = 0, wrong = 0;
  void add(const Count& o) {
    cases += o.cases;
    refused += o.refused;
    identical += o.identical;
    old_whole += o.old_whole;
    abandoned += o.abandoned;
    wrong += o.wrong;
  }
};
using Counts = std::map<std::string, Count>;  // by kind of case

std::string file_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// One part of all cases, on a home of its own.
class Sweep {
 public:
  Sweep(const Plan& plan, const History& history, std::size_t part)
      : plan_(plan),
        history_(history),
        part_(part),
        home_(scratch_.path() / "home", history.moments.back()) {
    original_ = content_now();
    keys_.emplace(home_.path());
    const auto again = keys_->content_of(home_.path());
    HR_CHECK(again.ok() && *again == original_);
    home_.put_right();
  }

  Counts run(std::ostream& wrong) {
    wrong_ = &wrong;
    for (const auto& [name, bytes] : home_.files()) {
      with_keys_ = name.starts_with("keys/") || name == "hedgerow.toml";
      flips(name, bytes);
      prefixes(name, bytes);
    }
    with_keys_ = true;
    const std::size_t last = history_.moments.size() - 1;
    for (std::size_t back = 1; back <= last; ++back)
      old_copies(
          history_.moments[last - back],
          back == 1 ? "before the last transaction" : "moment " + std::to_string(last - back),
          back == 1);
    HR_CHECK(home_.is_right());
    return counts_;
  }

 private:
  // Of a home that must open.
  Content content_now() {
    const auto found = content_of(home_.path());
    HR_CHECK(found.ok());
    home_.put_right();
    return *found;
  }

  bool is_ours() { return turn_++ % plan_.jobs == part_; }

  // `old_whole`: the content of an older moment, where all of it was put back. `before_last`: that
  // of before the last transaction, where its database and confirmed state were.
  void check(const std::string& kind, const std::function<std::string()>& what,
             const Content* old_whole = nullptr, const Content* before_last = nullptr) {
    const auto outcome = with_keys_ ? content_of(home_.path()) : keys_->content_of(home_.path());
    const std::string objects = objection(outcome, original_);
    Count& c = counts_[kind];
    if (old_whole != nullptr && outcome.ok() && *outcome == *old_whole) {
      ++c.old_whole;
    } else if (before_last != nullptr && outcome.ok() &&
               is_abandoned(*outcome, *before_last, original_)) {
      ++c.abandoned;
    } else if (objects.empty()) {
      ++(outcome.ok() ? c.identical : c.refused);
    } else if (++c.wrong <= 20) {
      *wrong_ << "wrong " << what() << ": " << objects << '\n';
    }
    home_.put_right();
    if (++c.cases % kLookAt == 0) HR_CHECK(home_.is_right());
  }

  std::size_t every(const Bytes& bytes) const {
    return bytes.size() <= kSmall ? std::min<std::size_t>(plan_.step, 8) : plan_.step;
  }

  std::size_t first_of(const std::string& name, std::size_t every) const {
    Writer w;
    w.text(name).u64(plan_.seed);
    const auto hash = sha256(w.data());
    return (hash[0] + 256U * hash[1] + 65536U * hash[2]) % every;
  }

  void flips(const std::string& name, const Bytes& bytes) {
    const std::size_t step = every(bytes);
    for (std::size_t i = first_of(name, step); i < bytes.size(); i += step) {
      if (!is_ours()) continue;
      // Each bit in turn, over the bytes.
      home_.flip(name, i, static_cast<std::uint8_t>(1U << ((i / step) % 8)));
      check("flip " + file_name(name), [&] { return name + " byte " + std::to_string(i); });
    }
  }

  void prefixes(const std::string& name, const Bytes& whole) {
    const auto at = [&](std::size_t size) {
      if (!is_ours()) return;
      home_.cut(name, size);
      check("prefix " + file_name(name), [&] { return name + " cut to " + std::to_string(size); });
    };
    const std::size_t step = every(whole);
    for (std::size_t i = first_of(name, step); i < whole.size(); i += step) at(i);
    // Whole pages, and whole frames of a write-ahead log: what is valid as far as it goes.
    if (step > 1) {
      at(0);
      for (std::size_t i = 4096; i < whole.size(); i += 4096) at(i);
      for (std::size_t i = 32; name.ends_with("-wal") && i < whole.size(); i += 4096 + 24) at(i);
    }
    if (!is_ours()) return;
    home_.remove(name);
    check("without " + file_name(name), [&] { return "without " + name; });
  }

  void put(const Files& older, const std::string& name) {
    const auto before = older.find(name);
    if (before == older.end())
      home_.remove(name);
    else
      home_.replace(name, before->second);
  }

  // Every set of files of an older moment put back into the newest.
  void old_copies(const Files& older, const std::string& when, bool by_one = false) {
    std::vector<std::string> changed;
    for (const auto& [name, bytes] : home_.files()) {
      const auto before = older.find(name);
      if (before == older.end() || before->second != bytes) changed.push_back(name);
    }
    HR_CHECK(changed.size() < 12);
    for (const std::string& name : changed) put(older, name);
    const Content old = content_now();
    for (std::size_t set = 1; set + 1 < (std::size_t{1} << changed.size()); ++set) {
      if (!is_ours()) continue;
      std::string what;
      bool database = false, confirmed = false, entries = false;
      for (std::size_t i = 0; i < changed.size(); ++i) {
        if ((set >> i & 1U) == 0) continue;
        database = database || changed[i].starts_with("state/lineages/");
        confirmed = confirmed || changed[i] == "state/log/confirmed";
        entries = entries || changed[i] == "state/log/entries";
        what += (what.empty() ? "" : ", ") + changed[i];
        put(older, changed[i]);
      }
      check(
          "old copies of " + when, [&] { return when + ": " + what; },
          database && confirmed && entries ? &old : nullptr,
          by_one && database && confirmed && !entries ? &old : nullptr);
    }
  }

  const Plan& plan_;
  const History& history_;
  std::size_t part_;
  Scratch scratch_;
  WornHome home_;
  std::optional<KeptKeys> keys_;
  bool with_keys_ = true;  // they are read for each case
  Content original_;
  std::uint64_t turn_ = 0;
  Counts counts_;
  std::ostream* wrong_ = nullptr;
};

// A process for each part; their findings come through a pipe, a line each.
class Parts {
 public:
  void start(const Plan& plan, const History& history, std::size_t part) {
    int ends[2];
    HR_CHECK(::pipe(ends) == 0);
    const pid_t child = ::fork();
    HR_CHECK(child >= 0);
    if (child > 0) {
      ::close(ends[1]);
      children_.push_back({child, ends[0]});
      return;
    }
    std::ostringstream found;
    {
      Sweep sweep(plan, history, part);
      for (const auto& [kind, c] : sweep.run(found))
        found << "count " << c.cases << ' ' << c.refused << ' ' << c.identical << ' ' << c.old_whole
              << ' ' << c.abandoned << ' ' << c.wrong << ' ' << kind << '\n';
    }
    const std::string text = std::move(found).str();
    for (std::size_t at = 0; at < text.size();) {
      const ssize_t n = ::write(ends[1], text.data() + at, text.size() - at);
      HR_CHECK(n > 0);
      at += static_cast<std::size_t>(n);
    }
    ::_exit(0);
  }

  // False: a part came to no end.
  bool join(Counts& counts) {
    bool ended = true;
    for (const Child& child : children_) {
      std::string text;
      char buffer[4096];
      for (ssize_t n; (n = ::read(child.end, buffer, sizeof buffer)) > 0;)
        text.append(buffer, static_cast<std::size_t>(n));
      ::close(child.end);
      int status = 0;
      HR_CHECK(::waitpid(child.id, &status, 0) == child.id);
      ended = ended && status == 0;
      std::istringstream lines(text);
      for (std::string line; std::getline(lines, line);) take(line, counts);
    }
    return ended;
  }

 private:
  struct Child {
    pid_t id;
    int end;
  };

  static void take(const std::string& line, Counts& counts) {
    if (!line.starts_with("count ")) {
      std::cout << line << '\n';
      return;
    }
    std::istringstream in(line.substr(6));
    Count c;
    std::string kind;
    in >> c.cases >> c.refused >> c.identical >> c.old_whole >> c.abandoned >> c.wrong >> std::ws;
    std::getline(in, kind);
    counts[kind].add(c);
  }

  std::vector<Child> children_;
};

double processor_seconds() {
  double seconds = 0;
  for (const int who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
    rusage used{};
    HR_CHECK(::getrusage(who, &used) == 0);
    for (const timeval& t : {used.ru_utime, used.ru_stime})
      seconds += static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  }
  return seconds;
}

bool sweep_all(const Plan& plan) {
  const History history = plan.traces ? make_traced_history() : make_small_history();
  std::size_t size = 0;
  for (const auto& [name, bytes] : history.moments.back()) {
    std::cout << name << ' ' << bytes.size() << '\n';
    size += bytes.size();
  }
  std::cout << history.moments.back().size() << " files, " << size << " bytes" << std::endl;
  Parts parts;
  for (std::size_t i = 0; i < plan.jobs; ++i) parts.start(plan, history, i);
  Counts counts;
  const bool ended = parts.join(counts);
  Count all;
  for (const auto& [kind, c] : counts) {
    std::cout << kind << ": " << c.cases << " cases, " << c.refused << " refused, " << c.identical
              << " identical, " << c.wrong << " wrong"
              << (c.old_whole == 0 ? "" : ", " + std::to_string(c.old_whole) + " an old whole")
              << (c.abandoned == 0 ? "" : ", " + std::to_string(c.abandoned) + " abandoned")
              << '\n';
    all.add(c);
  }
  std::cout << all.cases << " cases, " << all.wrong << " wrong, " << processor_seconds()
            << " s of processor\n";
  if (!ended) std::cerr << "a part of the sweep came to no end\n";
  return ended && all.wrong == 0;
}

int usage() {
  std::cerr << "usage: tamper_sweep [--step N] [--seed S] [--jobs N] [--traces yes]\n";
  return 64;
}

}  // namespace
}  // namespace hedgerow::faults

int main(int argc, char** argv) {
  using namespace hedgerow::faults;
  Plan plan;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string word = argv[i];
    const std::uint64_t value = std::strtoul(argv[i + 1], nullptr, 10);
    if (word == "--step")
      plan.step = value;
    else if (word == "--seed")
      plan.seed = value;
    else if (word == "--jobs")
      plan.jobs = value;
    else if (word == "--traces" && std::string_view(argv[i + 1]) == "yes")
      plan.traces = true;
    else
      return usage();
  }
  if (argc % 2 == 0 || plan.step == 0 || plan.jobs == 0 || plan.jobs > 64) return usage();
  return sweep_all(plan) ? 0 : 1;
}
